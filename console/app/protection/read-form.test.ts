import { describe, expect, it } from "vitest";
import { readProtection, readRule } from "./read-form.ts";

describe("readProtection", () => {
  it("takes what is switched on, and leaves empty numbers to the API", () => {
    const form = {
      require_captcha: "on",
      frequency_on: "on",
      frequency_max_runs: " 50 ",
      frequency_window_seconds: "",
      frequency_action: "block",
      spike_factor: "3",
    };
    expect(readProtection(form)).toEqual({
      require_captcha: true,
      anomaly: { frequency: { max_runs: 50, action: "block" }, failure_rate: null, spike: null },
    });
    expect(readProtection({}).require_captcha).toBe(false);
  });
});

describe("readRule", () => {
  const form = { kind: "deny", match_type: "asn", value: "AS64500", scope: "app", reason: "scraper", hours: "2" };
  const now = Date.UTC(2026, 0, 1);

  it("reads a rule for this app, for a while", () => {
    expect(readRule(form, "app_1", now)).toEqual({
      app_id: "app_1",
      kind: "deny",
      match: { asn: 64_500 },
      reason: "scraper",
      expires_at: "2026-01-01T02:00:00.000Z",
    });
  });

  it("reads a rule for everybody and for good", () => {
    const everybody = { ...form, match_type: "all", value: "", scope: "workspace", hours: "" };
    expect(readRule(everybody, "app_1", now)).toMatchObject({ app_id: null, match: { all: true }, expires_at: null });
  });

  it("leaves nonsense for the API to refuse", () => {
    expect(readRule({ ...form, hours: "soon" }, "app_1", now).expires_at).toBe("soon");
  });
});
