import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRecords } from "./records.ts";
import { type DnsServer, startDnsServer } from "./server.ts";

let server: DnsServer;

beforeAll(async () => {
  server = await startDnsServer(
    parseRecords("two.test=10.0.0.1, two.test=8.8.8.8, six.test=::1, alias.test=two.test, ring.test=ring.test"),
  );
});
afterAll(() => server.close());

async function ask(query: string): Promise<unknown> {
  return (await fetch(`${server.address}?${query}`)).json();
}

describe("the local resolver", () => {
  it("answers for planted names as they say", async () => {
    const [first, second] = ["10.0.0.1", "8.8.8.8"].map((data) => ({ name: "two.test", type: 1, TTL: 5, data }));
    expect(await ask("name=TWO.test.&type=A")).toEqual({ Status: 0, Answer: [first, second] });
    expect(await ask("name=two.test&type=AAAA")).toEqual({ Status: 0, Answer: [] });
    expect(await ask("name=six.test&type=AAAA")).toMatchObject({ Answer: [{ type: 28, data: "::1" }] });
    const alias = { name: "alias.test", type: 5, TTL: 5, data: "two.test" };
    expect(await ask("name=alias.test&type=A")).toEqual({ Status: 0, Answer: [alias, first, second] });
    expect(await ask("name=ring.test&type=A")).toMatchObject({ Status: 2 });
  });

  it("answers for others as the machine does", async () => {
    const { Answer } = (await ask("name=localhost&type=A")) as { Answer: { data: string }[] };
    expect(Answer.map(({ data }) => data)).toContain("127.0.0.1");
  });

  it("answers nothing else", async () => {
    expect((await fetch(`${server.address}?name=x.test&type=MX`)).status).toBe(400);
    expect((await fetch(new URL("/", server.address))).status).toBe(400);
  });

  it.each(["x.test", "x.test=", "=1.1.1.1", "a=b=c"])("refuses %j for a record", (text) => {
    expect(() => parseRecords(text)).toThrow("is not name=address");
  });
});
