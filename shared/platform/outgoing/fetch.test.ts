import { describe, expect, it } from "vitest";
import { guardedFetch } from "./fetch.ts";
import { type OutgoingPolicy, readPolicy } from "./policy.ts";

const RESOLVER = "https://resolver.test/dns-query";

type Records = Readonly<Record<string, readonly string[] | "NXDOMAIN" | "SERVFAIL" | "nonsense" | "broken">>;

const names: Records = {
  "public.example": ["A 93.184.216.34", "AAAA 2606:2800:220:1::1"],
  "other.example": ["A 93.184.216.35"],
  "v4only.example": ["A 93.184.216.34"],
  "a.example": ["A 127.0.0.1"],
  "aaaa.example": ["A 93.184.216.34", "AAAA ::1"],
  "mapped.example": ["A 93.184.216.34", "AAAA ::ffff:10.0.0.1"],
  "ula.example": ["AAAA fd12::1"],
  "nat64.example": ["AAAA 64:ff9b::169.254.169.254"],
  "mixed.example": ["A 93.184.216.34", "A 10.0.0.1"],
  "metadata.example": ["A 169.254.169.254"],
  "cname.example": ["CNAME inner.example.", "A 192.168.0.7"],
  "inside.example": ["CNAME db.Internal.", "A 93.184.216.34"],
  "garbled.example": ["A nowhere"],
  "empty.example": [],
  "gone.example": "NXDOMAIN",
  "failing.example": "SERVFAIL",
  "odd.example": "nonsense",
  "cut.example": "broken",
};
const TYPE: Readonly<Record<string, number>> = { A: 1, CNAME: 5, AAAA: 28 };

function dnsAnswer(question: URL, ttl: number): Response {
  const found = names[question.searchParams.get("name") ?? ""] ?? "NXDOMAIN";
  if (found === "broken") return new Response("", { status: 502 });
  if (found === "nonsense") return Response.json({ answer: 42 });
  if (found === "NXDOMAIN" || found === "SERVFAIL") return Response.json({ Status: found === "SERVFAIL" ? 2 : 3 });
  const wanted = found.map((line) => line.split(" ")).filter(([type]) => type === question.searchParams.get("type") || type === "CNAME");
  return Response.json({ Status: 0, Answer: wanted.map(([type = "", data]) => ({ name: "n", type: TYPE[type], TTL: ttl, data })) });
}

interface Seen {
  readonly url: string;
  readonly method: string | undefined;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The world outside: a resolver, and servers that redirect as `routes` says and greet otherwise. */
function world(routes: Readonly<Record<string, readonly [number, string]>> = {}, ttl = 300) {
  const [seen, asked]: [Seen[], string[]] = [[], []];
  const fetch = async (address: URL, init: RequestInit): Promise<Response> => {
    if (address.href.startsWith(RESOLVER)) {
      asked.push(`${address.searchParams.get("name")} ${address.searchParams.get("type")}`);
      return dnsAnswer(address, ttl);
    }
    expect(init.redirect).toBe("manual");
    seen.push({ url: address.href, method: init.method, headers: new Headers(init.headers), body: init.body });
    const [status, location] = routes[address.href] ?? [];
    return status === undefined ? new Response("hello") : new Response(null, { status, headers: { location: location ?? "" } });
  };
  const call = (address: string, init: RequestInit = {}, policy: OutgoingPolicy = resolving(), maxRedirects = 5) =>
    guardedFetch(policy, fetch, address, init, { maxRedirects });
  return { seen, asked, call };
}

const resolving = () => readPolicy({ OUTGOING_DNS: RESOLVER });

describe("a name", () => {
  it.each(["public.example", "v4only.example", "PUBLIC.example."])(
    "that leads to public addresses alone may be called: %s",
    async (name) => {
      const { seen, call } = world();
      expect(await (await call(`https://${name}/x`)).text()).toBe("hello");
      expect(seen).toHaveLength(1);
    },
  );

  it.each([
    ["a.example", "validation_failed", "leads to another"],
    ["aaaa.example", "validation_failed", "leads to another"],
    ["mapped.example", "validation_failed", "leads to another"],
    ["ula.example", "validation_failed", "leads to another"],
    ["nat64.example", "validation_failed", "leads to another"],
    ["mixed.example", "validation_failed", "leads to another"],
    ["metadata.example", "validation_failed", "leads to another"],
    ["cname.example", "validation_failed", "leads to another"],
    ["inside.example", "validation_failed", "leads to another"],
    ["garbled.example", "validation_failed", "leads to another"],
    ["empty.example", "validation_failed", "leads to no server"],
    ["gone.example", "validation_failed", "does not exist"],
    ["failing.example", "upstream_unavailable", "could not be looked up"],
    ["odd.example", "upstream_unavailable", "could not be looked up"],
    ["cut.example", "upstream_unavailable", "could not be looked up"],
  ])("%s is refused as %s, and nobody is called", async (name, code, message) => {
    const { seen, call } = world();
    await expect(call(`http://${name}/`)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(seen).toEqual([]);
  });

  it("is looked up again once its answer is old, or a minute has passed", async () => {
    for (const [ttl, life] of [
      [20, 20_000],
      [3600, 60_000],
      [0, 0],
    ] as const) {
      let now = 1_000_000;
      const policy = readPolicy({ OUTGOING_DNS: RESOLVER }, { now: () => now });
      const { asked, call } = world({}, ttl);
      await call("https://public.example/", {}, policy);
      expect(asked.sort()).toEqual(["public.example A", "public.example AAAA"]);
      now += Math.max(0, life - 1);
      await call("https://public.example/", {}, policy);
      expect(asked).toHaveLength(life === 0 ? 4 : 2);
      now += 1;
      await call("https://public.example/", {}, policy);
      expect(asked).toHaveLength(life === 0 ? 6 : 4);
    }
  });

  it("is not looked up where it is an exception, an IP address, or there is no resolver", async () => {
    const { asked, call } = world();
    await call("https://8.8.8.8/");
    await call("http://db.internal:8080/", {}, readPolicy({ OUTGOING_DNS: RESOLVER, OUTGOING_ALLOW: "db.internal" }));
    await call("https://a.example/", {}, readPolicy({ OUTGOING_DNS: "" }));
    expect(asked).toEqual([]);
  });
});

describe("a redirect", () => {
  it.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:10.0.0.1]/",
    "//localhost/",
    "http://a.example/",
    "http://gone.example/",
    "http://user:pass@public.example/",
    "http://public.example:22/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://[",
  ])("to %s is refused", async (location) => {
    const { seen, call } = world({ "https://public.example/": [302, location] });
    await expect(call("https://public.example/")).rejects.toMatchObject({ code: "validation_failed" });
    expect(seen).toHaveLength(1);
  });

  it("is followed as often as is said, and with 0 is the answer", async () => {
    const routes = { "https://public.example/": [302, "/2"], "https://public.example/2": [307, "/3"] } as const;
    expect(await (await world(routes).call("https://public.example/", {}, resolving(), 2)).text()).toBe("hello");
    await expect(world(routes).call("https://public.example/", {}, resolving(), 1)).rejects.toThrow("more than 1 times");
    expect((await world(routes).call("https://public.example/", {}, resolving(), 0)).status).toBe(302);
  });

  const init = { method: "POST", body: "b", headers: { authorization: "s", cookie: "s", "x-key": "s", accept: "a", "content-type": "t" } };

  it.each([
    [301, "GET", null],
    [302, "GET", null],
    [303, "GET", null],
    [307, "POST", "b"],
    [308, "POST", "b"],
  ])("with status %i goes on as %s", async (status, method, body) => {
    const { seen, call } = world({ "https://public.example/": [status, "/2"] });
    await call("https://public.example/", init);
    expect(seen[1]).toMatchObject({ url: "https://public.example/2", method, body });
    expect(seen[1]?.headers.get("content-type")).toBe(body && "t");
    expect(seen[1]?.headers.get("authorization")).toBe("s");
  });

  it.each(["https://other.example/", "http://public.example/", "https://public.example:8443/"])(
    "takes no credentials to %s",
    async (location) => {
      const { seen, call } = world({ "https://public.example/": [307, location] });
      await call("https://public.example/", init);
      expect(Object.fromEntries(seen[1]?.headers ?? [])).toEqual({ accept: "a", "content-type": "t" });
    },
  );
});
