import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestResolver, type TestResolver, type Zone } from "../testing/resolver.ts";
import { lookUp } from "./look-up.ts";
import type { Wanted } from "./verdicts.ts";

const TOKEN = "agentflow-0123456789abcdef0123456789abcdef";
const TARGET = "customers.host.test";
const ALIAS = `0123456789abcdef0123456789abcdef.${TARGET}`;
const FOREIGN = `ffffffffffffffffffffffffffffffff.${TARGET}`;

/** What every resolver knows. */
const COMMON: Zone = {
  [TARGET]: ["A 203.0.113.10", "A 203.0.113.11", "AAAA 2001:db8::10"],
  [`*.${TARGET}`]: ["A 203.0.113.10", "A 203.0.113.11", "AAAA 2001:db8::10"],
};

const wanted = (more: Partial<Wanted> = {}): Wanted => ({
  hostname: "shop.example.com",
  apex: false,
  token: TOKEN,
  alias: ALIAS,
  target: TARGET,
  ...more,
});

let resolvers: [TestResolver, TestResolver];

beforeAll(async () => {
  resolvers = [await startTestResolver(), await startTestResolver()];
});
beforeEach(() => {
  for (const resolver of resolvers) {
    resolver.zone = COMMON;
    resolver.asked.length = 0;
  }
});
afterAll(() => Promise.all(resolvers.map((resolver) => resolver.close())));

/** Verdicts and reasons, ownership first. */
async function verdict(first: Zone, second: Zone = first, more: Partial<Wanted> = {}): Promise<string> {
  resolvers[0].zone = { ...COMMON, ...first };
  resolvers[1].zone = { ...COMMON, ...second };
  const { ownership, routing } = await lookUp(
    resolvers.map(({ address }) => address),
    wanted(more),
  );
  return `${ownership.state} ${ownership.reason}, ${routing.state} ${routing.reason}`;
}

const PROOF = "_agentflow.shop.example.com";
const HOST = "shop.example.com";
const txt = (...lines: string[]) => ({ [PROOF]: lines.map((line) => `TXT ${line}`) });
const many = Array.from({ length: 19 }, (_, index) => `"site-verification=${index}"`);

const BOTH_SEE: readonly (readonly [string, Zone, string])[] = [
  ["nothing at all", {}, "failed missing, failed missing"],
  ["a name without records of these types", { [PROOF]: [], [HOST]: [] }, "failed missing, failed missing"],
  ["the text, in quotes", txt(`"${TOKEN}"`), "passed txt, failed missing"],
  ["the text, bare", txt(TOKEN), "passed txt, failed missing"],
  ["the text of another claim", txt('"agentflow-ffffffffffffffffffffffffffffffff"'), "failed wrong, failed missing"],
  ["a text that only begins with it", txt(`"${TOKEN}0"`), "failed wrong, failed missing"],
  ["the text, split in two strings", txt(`"${TOKEN.slice(0, 20)}" "${TOKEN.slice(20)}"`), "passed txt, failed missing"],
  ["the text, split without a space", txt(`"${TOKEN.slice(0, 20)}""${TOKEN.slice(20)}"`), "passed txt, failed missing"],
  ["the text, with quotes that a form has kept", txt(`"\\"${TOKEN}\\""`), "passed txt, failed missing"],
  ["the text, with decimal escapes", txt(`"\\097gentflow-${TOKEN.slice(10)}"`), "passed txt, failed missing"],
  ["the text in upper case and spaces", txt(`" ${TOKEN.toUpperCase()} "`), "passed txt, failed missing"],
  ["the text among twenty", txt(...many, `"${TOKEN}"`), "passed txt, failed missing"],
  ["twenty texts without it", txt(...many, '"v=spf1 -all"'), "failed wrong, failed missing"],
  [
    "the text by an alias",
    { [PROOF]: ["CNAME proofs.example.net."], "proofs.example.net": [`TXT "${TOKEN}"`] },
    "passed txt, failed missing",
  ],
  ["a wildcard above with an unrelated text", { "*.shop.example.com": ['TXT "v=spf1 -all"'] }, "failed wrong, failed missing"],
  ["a wildcard above with the text", { "*.shop.example.com": [`TXT "${TOKEN}"`] }, "passed txt, failed missing"],
  ["the alias", { [HOST]: [`CNAME ${ALIAS}.`] }, "passed cname, passed cname"],
  ["the alias without the dot at its end, in upper case", { [HOST]: [`CNAME ${ALIAS.toUpperCase()}`] }, "passed cname, passed cname"],
  [
    "the alias at the end of a chain",
    { [HOST]: ["CNAME a.example.net."], "a.example.net": ["CNAME b.example.net."], "b.example.net": [`CNAME ${ALIAS}.`] },
    "passed cname, passed cname",
  ],
  [
    "a chain that the resolver does not follow",
    { [HOST]: { lazily: ["CNAME a.example.net."] }, "a.example.net": { lazily: [`CNAME ${ALIAS}.`] } },
    "passed cname, passed cname",
  ],
  ["a wildcard above with the alias", { "*.example.com": [`CNAME ${ALIAS}.`] }, "passed cname, passed cname"],
  [
    "the alias, which leads nowhere itself",
    { [HOST]: [`CNAME ${ALIAS}.`], [`*.${TARGET}`]: [], [ALIAS]: "cut" },
    "passed cname, passed cname",
  ],
  ["the alias of another claim", { [HOST]: [`CNAME ${FOREIGN}.`] }, "failed missing, passed cname"],
  ["an alias to the bare target", { [HOST]: [`CNAME ${TARGET}.`] }, "failed missing, passed cname"],
  ["an alias to a name that only ends like the target", { [HOST]: [`CNAME evil-${TARGET}.`] }, "failed missing, failed wrong"],
  ["an alias elsewhere", { [HOST]: ["CNAME shops.example.net."], "shops.example.net": ["A 198.51.100.1"] }, "failed missing, failed wrong"],
  ["an alias to nothing", { [HOST]: ["CNAME gone.example.net."] }, "failed missing, failed wrong"],
  [
    "a loop that the resolver shows",
    { [HOST]: { lazily: ["CNAME a.example.net."] }, "a.example.net": { lazily: [`CNAME ${HOST}.`] } },
    "failed missing, failed loop",
  ],
  ["an alias to itself", { [HOST]: { lazily: [`CNAME ${HOST}.`] } }, "failed missing, failed loop"],
  ["addresses elsewhere", { [HOST]: ["A 198.51.100.1"] }, "failed missing, failed wrong"],
  ["the target's addresses", { [HOST]: ["A 203.0.113.10", "A 203.0.113.11", "AAAA 2001:DB8::10"] }, "failed missing, passed flattened"],
  ["some of the target's addresses", { [HOST]: ["A 203.0.113.10"] }, "failed missing, passed flattened"],
  ["the target's addresses and another", { [HOST]: ["A 203.0.113.10", "A 198.51.100.1"] }, "failed missing, failed mixed"],
  ["ours by IPv4, another's by IPv6", { [HOST]: ["A 203.0.113.10", "AAAA 2001:db8:1::1"] }, "failed missing, failed mixed"],
  [
    "a proxy of the owner's own at Cloudflare",
    { ...txt(TOKEN), [HOST]: ["A 104.21.5.6", "AAAA 2606:4700::1"] },
    "passed txt, pending proxied",
  ],
  ["SERVFAIL", { [PROOF]: { status: 2 }, [HOST]: { status: 2 } }, "unknown servfail, unknown servfail"],
  ["REFUSED", { [PROOF]: { status: 5 }, [HOST]: { status: 5 } }, "unknown refused, unknown refused"],
  [
    "a failure of DNSSEC, told by number",
    {
      [PROOF]: { status: 2, comment: ["EDE(9): DNSKEY Missing (no SEP matching the DS)"] },
      [HOST]: { status: 2, comment: ["EDE(6): DNSSEC Bogus"] },
    },
    "unknown dnssec, unknown dnssec",
  ],
  [
    "a failure of DNSSEC, told in words",
    { [PROOF]: { status: 2, comment: "DNSSEC validation failure. Check http://dnsviz.net/" }, [HOST]: [`CNAME ${TARGET}.`] },
    "unknown dnssec, passed cname",
  ],
  [
    "a failure of DNSSEC that only shows without validation",
    { [PROOF]: { status: 2, unchecked: [`TXT "${TOKEN}"`] }, [HOST]: { status: 2, unchecked: ["A 198.51.100.1"] } },
    "unknown dnssec, unknown dnssec",
  ],
  [
    "a lame delegation",
    { [PROOF]: { status: 2, comment: ["EDE(22): No Reachable Authority"] }, [HOST]: { status: 2, comment: "Name servers are lame" } },
    "unknown lame, unknown lame",
  ],
  ["a truncated answer", { [PROOF]: { truncated: [] }, [HOST]: { truncated: [] } }, "unknown truncated, unknown truncated"],
  ["a truncated answer that has it", { [PROOF]: { truncated: [`TXT "${TOKEN}"`] } }, "passed txt, failed missing"],
  ["too many questions", { [PROOF]: { http: 429 }, [HOST]: { http: 429 } }, "unknown rate_limited, unknown rate_limited"],
  ["a resolver out of order", { [PROOF]: { http: 503 }, [HOST]: { http: 503 } }, "unknown unreachable, unknown unreachable"],
  [
    "a page instead of an answer",
    { [PROOF]: { http: 200, body: "<html>Sign in to this network</html>" }, [HOST]: { http: 302 } },
    "unknown not_understood, unknown not_understood",
  ],
  [
    "JSON of another shape",
    { [PROOF]: { http: 200, body: '{"Status":"0","Answer":{}}', contentType: "application/json" }, [HOST]: { http: 200, body: "[]" } },
    "unknown not_understood, unknown not_understood",
  ],
  ["a connection that is cut", { [PROOF]: "cut", [HOST]: "cut" }, "unknown unreachable, unknown unreachable"],
  ["the text, while addresses cannot be had", { ...txt(TOKEN), [HOST]: "cut" }, "passed txt, unknown unreachable"],
  ["no text, while an alias may be there", { [HOST]: "cut" }, "unknown unreachable, unknown unreachable"],
  [
    "addresses, while those of the target cannot be had",
    { [HOST]: ["A 198.51.100.1"], [TARGET]: "cut" },
    "failed missing, unknown unreachable",
  ],
];

describe("two resolvers", () => {
  it.each(BOTH_SEE)("see %s", async (_, zone, expected) => {
    expect(await verdict(zone)).toBe(expected);
  });

  const aliased = { [HOST]: [`CNAME ${ALIAS}.`] };
  const cases: readonly (readonly [string, Zone, Zone, string])[] = [
    ["one does not see it yet", aliased, {}, "pending not_everywhere, pending not_everywhere"],
    ["one still sees what was before", txt(TOKEN), txt('"v=spf1 -all"'), "pending not_everywhere, failed missing"],
    ["one still sees where it led before", aliased, { [HOST]: ["A 198.51.100.1"] }, "pending not_everywhere, pending not_everywhere"],
    ["one sees the text, the other the alias", txt(TOKEN), aliased, "passed txt, pending not_everywhere"],
    ["one is away, and the other sees it", aliased, { [PROOF]: "cut", [HOST]: "cut" }, "unknown unreachable, unknown unreachable"],
    ["one is away, and the other sees nothing", {}, { [PROOF]: "cut", [HOST]: "cut" }, "unknown unreachable, unknown unreachable"],
    [
      "one validates, the other does not",
      aliased,
      { [PROOF]: { status: 2, comment: "DNSSEC" }, [HOST]: aliased[HOST] ?? [] },
      "passed cname, passed cname",
    ],
    ["both see other wrong things", txt('"one"'), {}, "failed wrong, failed missing"],
  ];

  it.each(cases)("disagree: %s", async (_, first, second, expected) => {
    expect(await verdict(first, second)).toBe(expected);
  });
});

describe("hosts", () => {
  it("at the top of their domain prove themselves by a text and lead here by their addresses", async () => {
    const apex = { hostname: "example.com", apex: true };
    const proof = { "_agentflow.example.com": [`TXT ${TOKEN}`] };
    expect(await verdict({ ...proof, "example.com": ["A 203.0.113.11"] }, undefined, apex)).toBe("passed txt, passed flattened");
    expect(await verdict({ "example.com": ["A 203.0.113.11"] }, undefined, apex)).toBe("failed missing, passed flattened");
    expect(await verdict({ "example.com": "cut" }, undefined, apex)).toBe("failed missing, unknown unreachable");
  });

  it("with other letters are asked for in punycode", async () => {
    const hostname = "xn--bcher-kva.example.com";
    const zone = { [`_agentflow.${hostname}`]: [`TXT ${TOKEN}`], [hostname]: [`CNAME ${ALIAS}.`] };
    expect(await verdict(zone, undefined, { hostname })).toBe("passed txt, passed cname");
    expect(resolvers[0].asked).toContain(`_agentflow.${hostname} TXT`);
  });

  it("cannot be routed where the deployment has no target, and can still be proved", async () => {
    expect(await verdict(txt(TOKEN), undefined, { target: null, alias: null })).toBe("passed txt, unknown no_target");
  });

  it("do not have the target looked up where an alias already says it", async () => {
    await verdict({ [HOST]: [`CNAME ${ALIAS}.`] });
    expect(resolvers[0].asked.toSorted()).toEqual([`${PROOF} TXT`, `${HOST} A`, `${HOST} AAAA`]);
  });

  it("do not wait for a resolver that never answers", { timeout: 10_000 }, async () => {
    expect(await verdict({ [PROOF]: "never" })).toBe("unknown timeout, failed missing");
  });
});

describe("further records", () => {
  const record = { type: "TXT", name: "_acme-challenge.shop.example.com", value: "Ab-1" } as const;
  const delegation = {
    type: "CNAME",
    name: "_acme-challenge.shop.example.com",
    value: "shop.example.com.1234.dcv.cloudflare.com",
  } as const;

  it.each([
    [record, ['TXT "ab-1"'], "passed found"],
    [record, ['TXT "other"'], "failed wrong"],
    [record, undefined, "failed missing"],
    [delegation, ["CNAME shop.example.com.1234.dcv.Cloudflare.com."], "passed found"],
    [delegation, ['TXT "left over"'], "failed missing"],
    [delegation, "cut", "unknown unreachable"],
  ] as const)("%o", async (further, lines, expected) => {
    for (const resolver of resolvers) resolver.zone = lines === undefined ? {} : { [further.name]: lines };
    const { records } = await lookUp(
      resolvers.map(({ address }) => address),
      wanted(),
      [further],
    );
    expect(records.map(({ finding }) => `${finding.state} ${finding.reason}`)).toEqual([expected]);
  });
});
