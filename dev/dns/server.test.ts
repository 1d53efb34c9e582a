import { Resolver } from "node:dns/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask } from "./ask.ts";
import { parseRecords } from "./records.ts";
import { type DnsServer, startDnsServer } from "./server.ts";

let directory: string;
let server: DnsServer;

const PLANTED = parseRecords("two.test=10.0.0.1, two.test=8.8.8.8, six.test=::1, alias.test=two.test, ring.test=ring.test");

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dns-"));
  server = await startDnsServer({ planted: PLANTED, file: join(directory, "dns.json") });
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function json(query: string, resolver = 0): Promise<unknown> {
  return (await fetch(`${server.resolvers[resolver]}?${query}`)).json();
}

function tell(method: string, body: object, path = "records") {
  const headers = { "content-type": "application/json" };
  return fetch(new URL(path, server.recordsAddress), { method, headers, body: JSON.stringify(body) });
}

/** Node's own resolver, which knows nothing of this server but the protocol. */
function resolver(): Resolver {
  const own = new Resolver({ timeout: 300, tries: 1 });
  own.setServers([`127.0.0.1:${server.port}`]);
  return own;
}

const rcode = async (name: string) => ((await ask(server.port, name, "A"))?.flags ?? -1) & 0xf;

describe("the local DNS server", () => {
  it("answers resolvers by the protocol", async () => {
    await tell("POST", { name: "_agentflow.shop.example.test", type: "TXT", data: "agentflow-abc" });
    await tell("POST", { name: "shop.example.test", type: "CNAME", data: "x.customers.test." });
    expect(await resolver().resolve4("TWO.test")).toEqual(["10.0.0.1", "8.8.8.8"]);
    expect(await resolver().resolve4("alias.test")).toEqual(["10.0.0.1", "8.8.8.8"]);
    expect(await resolver().resolve6("six.test")).toEqual(["::1"]);
    expect(await resolver().resolveCname("shop.example.test")).toEqual(["x.customers.test"]);
    expect(await resolver().resolveTxt("_agentflow.shop.example.test")).toEqual([["agentflow-abc"]]);
    await expect(resolver().resolve6("two.test")).rejects.toThrow("ENODATA");
    await expect(resolver().resolveTxt("nothing.test")).rejects.toThrow("ENOTFOUND");
    await expect(resolver().resolveTxt("example.test")).rejects.toThrow("ENODATA");
    await expect(resolver().resolve4("ring.test")).rejects.toThrow("ESERVFAIL");
    await expect(resolver().resolveMx("two.test")).rejects.toThrow("ENOTIMP");
  });

  it("goes over to TCP where a datagram has no room, and splits long texts", async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(300, "x"));
    for (const data of texts) await tell("POST", { name: "many.test", type: "TXT", data });
    const found = await resolver().resolveTxt("many.test");
    expect(found.map((parts) => parts.join(""))).toEqual(texts);
    expect(found[0]?.map(({ length }) => length)).toEqual([255, 45]);
  });

  it("lets a wildcard answer for the names below it that do not exist", async () => {
    await tell("POST", { name: "*.wild.test", type: "A", data: "192.0.2.1" });
    await tell("POST", { name: "own.wild.test", type: "A", data: "192.0.2.2" });
    expect(await resolver().resolve4("any.thing.wild.test")).toEqual(["192.0.2.1"]);
    expect(await resolver().resolve4("own.wild.test")).toEqual(["192.0.2.2"]);
    await expect(resolver().resolve4("below.own.wild.test")).rejects.toThrow("ENOTFOUND");
    await expect(resolver().resolve4("wild.test")).rejects.toThrow("ENODATA");
  });

  it.each([
    ["servfail", 2],
    ["refused", 5],
    ["truncated", 0],
  ])("fails as %s where it is told to", async (kind, expected) => {
    expect((await tell("POST", { name: "two.test", kind }, "faults")).status).toBe(201);
    expect(await rcode("two.test")).toBe(expected);
    expect((await tell("DELETE", { name: "two.test" }, "faults")).status).toBe(200);
    expect(await rcode("two.test")).toBe(0);
  });

  it("is silent or slow where it is told to", async () => {
    await tell("POST", { name: "two.test", kind: "silent" }, "faults");
    await expect(resolver().resolve4("two.test")).rejects.toThrow("ETIMEOUT");
    await tell("POST", { name: "two.test", kind: "delay", delay_ms: 150 }, "faults");
    const asked = performance.now();
    await resolver().resolve4("two.test");
    expect(performance.now() - asked).toBeGreaterThanOrEqual(140);
  });

  it("keeps what is added, and lets go only of that", async () => {
    const record = { name: "shop.example.test", type: "A", data: "192.0.2.1" };
    expect((await tell("POST", { ...record, name: "Shop.Example.test." })).status).toBe(201);
    expect((await tell("POST", record)).status).toBe(201);
    await server.close();
    server = await startDnsServer({ planted: PLANTED, file: join(directory, "dns.json") });
    expect(await (await fetch(server.recordsAddress)).json()).toEqual({ records: [...PLANTED, record] });
    expect(await (await tell("DELETE", { name: "two.test" })).json()).toEqual({ removed: [] });
    expect(await (await tell("DELETE", { name: "shop.example.test", type: "TXT" })).json()).toEqual({ removed: [] });
    expect(await (await tell("DELETE", { name: "shop.example.test" })).json()).toEqual({ removed: [record] });
    await expect(resolver().resolve4("shop.example.test")).rejects.toThrow("ENOTFOUND");
  });

  it.each([
    [{ name: "shop.test", type: "A", data: "::1" }, 400, "data: Must be an IPv4 address"],
    [{ name: "shop.test", type: "CNAME", data: "192.0.2.1" }, 400, "data: Must be a name"],
    [{ name: "shop test", type: "A", data: "192.0.2.1" }, 400, "name: Must be a name"],
    [{ name: "shop.test", type: "MX", data: "x" }, 400, "type: "],
    [{ name: "two.test", type: "CNAME", data: "x.test" }, 409, "A CNAME stands alone"],
    [{ name: "alias.test", type: "TXT", data: "x" }, 409, "A CNAME stands alone"],
  ])("refuses %j", async (body, status, error) => {
    const answer = await tell("POST", body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ error: expect.stringContaining(error) });
  });

  it("takes nothing from pages that somebody has open", async () => {
    const body = JSON.stringify({ name: "shop.test", type: "A", data: "192.0.2.1" });
    expect((await fetch(server.recordsAddress, { method: "POST", body })).status).toBe(415);
    const status = await new Promise((done, reject) => {
      request(server.recordsAddress, { headers: { host: "evil.test" } }, (answer) => done(answer.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
    expect(server.zone.records()).toEqual(PLANTED);
  });
});

describe("the resolvers in front of it", () => {
  it("answer as Cloudflare's and as Google's do", async () => {
    const [first, second] = ["10.0.0.1", "8.8.8.8"].map((data) => ({ name: "two.test", type: 1, TTL: 5, data }));
    const alias = { name: "alias.test", type: 5, TTL: 5, data: "two.test." };
    expect(await json("name=alias.test&type=A")).toMatchObject({ Status: 0, Answer: [alias, first, second] });
    expect(await json("name=alias.test&type=1", 1)).toMatchObject({
      Status: 0,
      Answer: [{ ...alias, name: "alias.test." }, { name: "two.test." }, { name: "two.test." }],
    });
    await tell("POST", { name: "text.test", type: "TXT", data: `say "hi"`.padEnd(260, ".") });
    const strings = [`say \\"hi\\"`.padEnd(257, "."), "....."].map((text) => `"${text}"`).join(" ");
    expect(await json("name=text.test&type=TXT")).toMatchObject({ Answer: [{ type: 16, data: strings }] });
    expect(await json("name=text.test&type=TXT", 1)).toMatchObject({ Answer: [{ type: 16, data: `say "hi"`.padEnd(260, ".") }] });
  });

  it("tell a name that is not there from one without such records, and from a failure", async () => {
    expect(await json("name=two.test&type=AAAA")).toMatchObject({ Status: 0, Question: [{ name: "two.test", type: 28 }] });
    expect(await json("name=two.test&type=AAAA")).not.toHaveProperty("Answer");
    expect(await json("name=no-such.test&type=TXT")).toMatchObject({ Status: 3 });
    expect(await json("name=ring.test&type=A")).toMatchObject({ Status: 2 });
  });

  it("answer for other names as the machine does", async () => {
    expect(await json("name=localhost&type=A")).toMatchObject({ Status: 0, Answer: [{ data: "127.0.0.1" }] });
  });

  it("answer nothing else", async () => {
    expect((await fetch(`${server.resolvers[0]}?name=x.test&type=MX`)).status).toBe(400);
    expect((await fetch(new URL("/", server.recordsAddress))).status).toBe(404);
  });

  it.each(["x.test", "x.test=", "=1.1.1.1", "a=b=c"])("refuses %j for a record", (text) => {
    expect(() => parseRecords(text)).toThrow("is not name=address");
  });
});
