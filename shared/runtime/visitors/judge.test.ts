import { describe, expect, it } from "vitest";
import type { AppRoute, RouteRule } from "#app";
import { networkName } from "../admission/client-network.ts";
import { openSession, SESSION_HEADER } from "../session.ts";
import { SESSION_KEYS, testContext } from "../testing/context.ts";
import { publishedRoute } from "../testing/published-route.ts";
import { type Arrival, judgeVisitor } from "./judge.ts";

function routeWith(...rules: [RouteRule["type"], string][]): AppRoute {
  return publishedRoute({ visitorRules: rules.map(([type, value]) => ({ kind: "deny", type, value, since: 0, until: null })) });
}

const { ctx } = testContext({});

async function isDenied(route: AppRoute, who: Partial<Arrival["request"]> & { ip?: string } = {}, context = ctx): Promise<boolean> {
  const { ip = "203.0.113.7", ...request } = who;
  return (await judgeVisitor(context, route, { ip, request: { headers: new Headers(), ...request } })).denied;
}

describe("judgeVisitor", () => {
  it("knows a visitor by address, and by what the network says of it", async () => {
    expect(await isDenied(routeWith(["cidr", "203.0.113.0/24"]))).toBe(true);
    expect(await isDenied(routeWith(["cidr", "203.0.114.0/24"]))).toBe(false);
    expect(await isDenied(routeWith(["asn", "64500"]), { cf: { asn: 64_500 } })).toBe(true);
    expect(await isDenied(routeWith(["country", "T1"]), { cf: { country: "T1" } })).toBe(true);
  });

  it("lets through who is not known: an address that is none, no word of the network", async () => {
    const route = routeWith(["cidr", "0.0.0.0/0"], ["asn", "64500"], ["country", "DE"]);
    expect(await isDenied(route, { ip: "unknown" })).toBe(false);
    expect(await isDenied(route, { ip: "unknown", cf: { asn: undefined, country: undefined } })).toBe(false);
  });

  it("knows a network again by the hash that an older key gave it", async () => {
    const hash = await networkName(ctx, "203.0.113.7");
    const rotated = testContext({ SESSION_KEYS: `k2:bmV3ZXI=,${SESSION_KEYS}` }).ctx;
    expect(await networkName(rotated, "203.0.113.7")).not.toBe(hash);
    for (const context of [ctx, rotated]) {
      expect(await isDenied(routeWith(["network", hash]), {}, context)).toBe(true);
      expect(await isDenied(routeWith(["network", hash]), { ip: "203.0.113.8" }, context)).toBe(false);
    }
  });

  it("knows a session by its token, not by what anybody could write", async () => {
    const session = await openSession(ctx, routeWith(), new Headers());
    const other = await openSession(ctx, routeWith(), new Headers());
    const route = routeWith(["session", session.id]);
    const bring = (text: string) => isDenied(route, { headers: new Headers({ [SESSION_HEADER]: text }) });
    expect([await bring(session.token), await bring(other.token), await bring(session.id)]).toEqual([true, false, false]);
  });
});
