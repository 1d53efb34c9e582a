import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AppRoute, accessPolicyPatchSchema, manifestSchema } from "#app";
import { corsHeaders, preflightResponse } from "./cors.ts";
import { frameAncestors } from "./policy.ts";
import { publishedRoute } from "./testing/published-route.ts";

const OWN = "https://desk.example.com";
const METHODS = ["POST"];

function route(allowed_origins: readonly string[]): AppRoute {
  const accessPolicy = manifestSchema.shape.access_policy.parse({ access_mode: "public_anonymous", allowed_origins: [...allowed_origins] });
  return publishedRoute({ accessPolicy });
}

function headersFor(listed: readonly string[], origin: string | null): Record<string, string> {
  return corsHeaders(route(listed), new Request(`${OWN}/runs`, { headers: origin === null ? {} : { Origin: origin } }));
}

const LISTED = ["https://shop.example", "https://shop.example:8443", "http://localhost:3000", "https://xn--bcher-kva.example"];

/** Origins that look like a listed one, and are another. */
const ODD = [
  "null",
  "*",
  "https://SHOP.example",
  "HTTPS://shop.example",
  "http://shop.example",
  "https://shop.example/",
  "https://shop.example:443",
  "https://shop.example:8444",
  "https://shop.example.",
  "https://shop.example.evil.test",
  "https://evil-shop.example",
  "https://www.shop.example",
  "https://shop.example@evil.test",
  "https://shop.example, https://evil.test",
  "https://evil.test#https://shop.example",
  "http://localhost",
  "http://localhost:30000",
  "https://bücher.example",
  " https://shop.example",
];

const hosts = fc.constantFrom(
  "shop.example",
  "SHOP.example",
  "www.shop.example",
  "evil.test",
  "xn--bcher-kva.example",
  "localhost",
  "desk.example.com",
);
const origins = fc
  .tuple(fc.constantFrom("https", "http"), hosts, fc.constantFrom("", ":443", ":8443", ":3000"), fc.constantFrom("", "/", "."))
  .map(([scheme, host, port, end]) => `${scheme}://${host}${port}${end}`);

describe("what pages of other origins may read", () => {
  it.each(LISTED)("is theirs who are listed: %s", (origin) => {
    expect(headersFor(LISTED, origin)).toMatchObject({ "Access-Control-Allow-Origin": origin, Vary: "Origin" });
  });

  it.each(ODD)("is not theirs who only look like it: %s", (origin) => {
    expect(corsHeaders(route(LISTED), { url: `${OWN}/runs`, headers: { get: () => origin } } as unknown as Request)).toEqual({
      Vary: "Origin",
    });
  });

  it("is for exactly the listed origins and its own, for every origin there is, and never with cookies", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...LISTED)),
        fc.oneof(origins, fc.constantFrom(...LISTED, "null", OWN)),
        (listed, origin) => {
          const headers = headersFor(listed, origin);
          const permitted = listed.includes(origin) || origin === OWN;
          expect(headers["Access-Control-Allow-Origin"]).toBe(permitted ? origin : undefined);
          expect(headers["Vary"]).toBe("Origin");
          expect(headers).not.toHaveProperty("Access-Control-Allow-Credentials");
        },
      ),
    );
  });

  it("is everybody's where the app says so, without cookies", () => {
    for (const origin of [null, "null", "https://evil.test"]) {
      const headers = headersFor(["*"], origin);
      expect(headers["Access-Control-Allow-Origin"]).toBe("*");
      expect(headers).not.toHaveProperty("Access-Control-Allow-Credentials");
    }
  });
});

describe("a preflight", () => {
  const preflight = (listed: readonly string[], origin: string) =>
    preflightResponse(route(listed), new Request(`${OWN}/runs`, { method: "OPTIONS", headers: { Origin: origin } }), METHODS);

  it("permits the address's own methods, to listed origins", () => {
    const { headers } = preflight(LISTED, "https://shop.example");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("https://shop.example");
    expect(headers.get("Access-Control-Allow-Methods")).toBe("POST");
    expect(headers.get("Access-Control-Allow-Headers")).toContain("X-App-Password");
  });

  it("permits others nothing", () => {
    const { headers } = preflight(LISTED, "https://evil.test");
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("frames", () => {
  it("are allowed to whoever may call", () => {
    expect(frameAncestors(route(LISTED))).toBe(`'self' ${LISTED.join(" ")}`);
  });
});

describe("an entry of allowed_origins", () => {
  const accepts = (origin: string) => accessPolicyPatchSchema.safeParse({ allowed_origins: [origin] }).success;

  it.each([...LISTED, "*"])("is an origin as browsers send it: %s", (origin) => {
    expect(accepts(origin)).toBe(true);
  });

  it.each([
    "null",
    "https://SHOP.example",
    "HTTPS://shop.example",
    "https://shop.example/",
    "https://shop.example:443",
    "https://bücher.example",
    " https://shop.example",
    "https://*.shop.example",
    "shop.example",
    "https://shop.example/path",
    "https://shop.example?q",
    "ftp://shop.example",
    "https://user@shop.example",
    "https://shop.example; script-src *",
    "https://shop.example;script-src",
    "https://shop.example,https://evil.test",
    "",
  ])("is nothing else: %j", (origin) => {
    expect(accepts(origin)).toBe(false);
  });
});
