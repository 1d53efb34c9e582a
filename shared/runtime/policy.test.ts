import { describe, expect, it } from "vitest";
import type { AppRoute } from "#app";
import { type Caller, decide, frameAncestors, isOriginAllowed, needsMember } from "./policy.ts";

type Policy = AppRoute["accessPolicy"];

function route(changes: Partial<AppRoute> = {}, policy: Partial<Policy> = {}): AppRoute {
  return {
    workspaceId: "wrk_1",
    workspaceSlug: "acme",
    region: "auto",
    appId: "app_1",
    appSlug: "desk",
    name: "Desk",
    description: "",
    status: "published",
    versionId: "apv_1",
    versionNumber: 1,
    epoch: 1,
    accessPolicy: {
      access_mode: "public_anonymous",
      rate_limit: { per_ip: null, per_session: null, per_app: null },
      allowed_origins: ["*"],
      require_captcha: false,
      ...policy,
    },
    ...changes,
  };
}

const visitor: Caller = { runKey: false, member: false };
const member: Caller = { runKey: false, member: true };
const key: Caller = { runKey: true, member: false };

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

  it("keeps a private app to members", () => {
    const app = route({}, { access_mode: "private" });
    expect(needsMember(app)).toBe(true);
    expect(decide(app, visitor, "page")).toMatchObject({ allow: false, code: "access_denied" });
    expect(decide(app, member, "run")).toEqual({ allow: true });
  });

  it.each(["public_auth", "password", "api_key"] as const)("serves mode %s to keys only", (access_mode) => {
    const app = route({}, { access_mode });
    expect(decide(app, visitor, "run")).toMatchObject({ allow: false, code: "not_implemented" });
    expect(decide(app, key, "run")).toEqual({ allow: true });
    expect(decide(app, key, "schema")).toEqual({ allow: true });
    expect(decide(app, key, "page")).toMatchObject({ allow: false, code: "not_implemented" });
  });

  it("asks people for a captcha when they run, and keys never", () => {
    const app = route({}, { require_captcha: true });
    expect(decide(app, visitor, "page")).toEqual({ allow: true });
    expect(decide(app, visitor, "run")).toMatchObject({ allow: false, code: "captcha_required" });
    expect(decide(app, key, "run")).toEqual({ allow: true });
  });

  it("says that an app is away before it says anything about access", () => {
    const app = route({ status: "unpublished" }, { access_mode: "private" });
    expect(decide(app, visitor, "run")).toMatchObject({ code: "not_available" });
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
