import { describe, expect, it } from "vitest";
import { type AppRoute, accessPolicySchema } from "#app";
import {
  type Caller,
  decide,
  frameAncestors,
  humanSince,
  isOriginAllowed,
  mayAskForCaptcha,
  needsPassword,
  needsSignIn,
} from "./policy.ts";
import { publishedRoute } from "./testing/published-route.ts";
import type { Verdict } from "./visitors/matcher.ts";

type Policy = AppRoute["accessPolicy"];

function route(changes: Partial<AppRoute> = {}, policy: Partial<Policy> = {}): AppRoute {
  return publishedRoute({ accessPolicy: accessPolicySchema.parse({ access_mode: "public_anonymous", ...policy }), ...changes });
}

const visitor: Caller = { runKey: false, person: null, password: false };
const guest: Caller = { ...visitor, person: { member: false, mayRun: false } };
const viewer: Caller = { ...visitor, person: { member: true, mayRun: false } };
const member: Caller = { ...visitor, person: { member: true, mayRun: true } };
const knower: Caller = { ...visitor, password: true };
const key: Caller = { ...visitor, runKey: true };
const everybody = { visitor, guest, viewer, member, knower, key };

/** Who may run an app with this policy, in the order of {@link everybody}; of the others, why not. */
function runners(policy: Partial<Policy>): Record<string, string> {
  const entries = Object.entries(everybody).map(([name, caller]) => {
    const decision = decide(route({}, policy), caller, "run");
    return [name, decision.allow ? "yes" : decision.code];
  });
  return Object.fromEntries(entries);
}

describe("decide", () => {
  it.each([
    ["draft", "not_available"],
    ["unpublished", "not_available"],
    ["archived", "not_found"],
  ] as const)("refuses everybody an app that is %s with %s", (status, code) => {
    for (const caller of [visitor, member, key]) expect(decide(route({ status }), caller, "run")).toMatchObject({ allow: false, code });
  });

  it("refuses a published app without a version", () => {
    expect(decide(route({ versionId: null }), visitor, "page")).toMatchObject({ allow: false, code: "not_available" });
  });

  it("lets anybody use a public app", () => {
    for (const purpose of ["page", "schema", "run"] as const) expect(decide(route(), visitor, purpose)).toEqual({ allow: true });
  });

  it.each([
    ["private", { visitor: "unauthenticated", guest: "access_denied", viewer: "yes", member: "yes", knower: "unauthenticated" }],
    ["public_auth", { visitor: "unauthenticated", guest: "yes", viewer: "yes", member: "yes", knower: "unauthenticated" }],
    [
      "password",
      { visitor: "unauthenticated", guest: "unauthenticated", viewer: "unauthenticated", member: "unauthenticated", knower: "yes" },
    ],
    [
      "api_key",
      {
        visitor: "unauthenticated",
        guest: "unauthenticated",
        viewer: "unauthenticated",
        member: "unauthenticated",
        knower: "unauthenticated",
      },
    ],
  ] as const)("lets into mode %s whom it names, and keys", (access_mode, expected) => {
    expect(runners({ access_mode })).toEqual({ ...expected, key: "yes" });
  });

  it.each(["private", "public_auth", "password", "api_key"] as const)("shows the page of mode %s to no key", (access_mode) => {
    const app = route({}, { access_mode });
    expect(decide(app, key, "schema")).toEqual({ allow: true });
    expect(decide(app, key, "page")).toMatchObject({ allow: false, code: "unauthenticated" });
  });

  it("asks for a sign-in or a password only where it decides", () => {
    const modes = ["private", "public_auth", "public_anonymous", "password", "api_key"] as const;
    expect(modes.filter((access_mode) => needsSignIn(route({}, { access_mode })))).toEqual(["private", "public_auth"]);
    expect(modes.filter((access_mode) => needsPassword(route({}, { access_mode })))).toEqual(["password"]);
  });

  it("keeps restricted data to members who may start runs, from keys as well", () => {
    expect(runners({ access_mode: "private", data_classification: "restricted" })).toEqual({
      visitor: "unauthenticated",
      guest: "access_denied",
      viewer: "forbidden",
      member: "yes",
      knower: "unauthenticated",
      key: "forbidden",
    });
  });

  it.each([
    ["internal", "public_anonymous"],
    ["internal", "password"],
    ["confidential", "public_auth"],
    ["restricted", "api_key"],
  ] as const)("closes an app with %s data that is open as %s, whatever way that came to be", (data_classification, access_mode) => {
    for (const code of Object.values(runners({ data_classification, access_mode }))) expect(code).toBe("access_denied");
  });

  it("says that an app is away before it says anything about access", () => {
    const app = route({ status: "unpublished" }, { access_mode: "private" });
    expect(decide(app, visitor, "run")).toMatchObject({ code: "not_available" });
  });
});

describe("captchas", () => {
  const calm: Verdict = { denied: false, slowed: false, challengedSince: null };
  const challenge = { kind: "challenge", type: "all", value: "", since: 7, until: null } as const;

  it("are asked for always or of whom a rule challenges, and never of keys", () => {
    const always = route({}, { require_captcha: true });
    expect(humanSince(route(), visitor, calm)).toBeNull();
    expect(humanSince(always, visitor, calm)).toBe(0);
    expect(humanSince(always, member, { ...calm, challengedSince: 7 })).toBe(7);
    expect(humanSince(route(), visitor, { ...calm, challengedSince: 7 })).toBe(7);
    expect(humanSince(always, key, { ...calm, challengedSince: 7 })).toBeNull();
  });

  it("can be shown by pages of apps that may ask for one", () => {
    const { anomaly } = accessPolicySchema.parse({ anomaly: { frequency: {} } });
    const { anomaly: slowing } = accessPolicySchema.parse({ anomaly: { failure_rate: {} } });
    expect(mayAskForCaptcha(route())).toBe(false);
    expect(mayAskForCaptcha(route({}, { anomaly: slowing }))).toBe(false);
    expect(mayAskForCaptcha(route({}, { require_captcha: true }))).toBe(true);
    expect(mayAskForCaptcha(route({}, { anomaly }))).toBe(true);
    expect(mayAskForCaptcha(route({ visitorRules: [challenge] }))).toBe(true);
  });
});

describe("origins", () => {
  it("always allows the app's own, and others as listed", () => {
    const app = route({}, { allowed_origins: ["https://shop.example"] });
    expect(isOriginAllowed(app, "https://agentflow.example", "https://agentflow.example")).toBe(true);
    expect(isOriginAllowed(app, "https://shop.example", "https://agentflow.example")).toBe(true);
    expect(isOriginAllowed(app, "https://shop.example.evil", "https://agentflow.example")).toBe(false);
    expect(isOriginAllowed(app, "null", "https://agentflow.example")).toBe(false);
  });

  it("frames pages only where they may be called from", () => {
    expect(frameAncestors(route())).toBe("*");
    expect(frameAncestors(route({}, { allowed_origins: ["https://shop.example"] }))).toBe("'self' https://shop.example");
    expect(frameAncestors(route({}, { allowed_origins: [] }))).toBe("'self'");
    expect(frameAncestors(null)).toBe("'self'");
  });
});
