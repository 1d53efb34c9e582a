import { describe, expect, it } from "vitest";
import { readAccessForm } from "./access-form.ts";

const form = {
  access_mode: "private",
  data_classification: "internal",
  password: "",
  per_ip_requests: "120",
  per_ip_seconds: "60",
  per_session_requests: "",
  per_session_seconds: "",
  per_key_requests: "30",
  per_key_seconds: "10",
  per_app_requests: " 5 ",
  per_app_seconds: "1",
  allowed_origins: "https://a.example\r\n\r\n  https://b.example ",
};

describe("readAccessForm", () => {
  it("reads limits as pairs, none where both are empty, and an origin a line", () => {
    expect(readAccessForm(form)).toEqual({
      access_mode: "private",
      data_classification: "internal",
      rate_limit: {
        per_ip: { max_requests: 120, window_seconds: 60 },
        per_session: null,
        per_key: { max_requests: 30, window_seconds: 10 },
        per_app: { max_requests: 5, window_seconds: 1 },
      },
      allowed_origins: ["https://a.example", "https://b.example"],
    });
  });

  it("takes a password as it was typed, and leaves the one that is set alone where none was", () => {
    expect(readAccessForm({ ...form, password: " open sesame " })).toMatchObject({ password: " open sesame " });
    expect(readAccessForm(form)).not.toHaveProperty("password");
  });

  it.each([
    ["half a limit", { per_ip_seconds: "" }],
    ["no number", { per_ip_requests: "many" }],
    ["part of a request", { per_ip_requests: "1.5" }],
    ["nothing at all allowed", { per_ip_requests: "0" }],
    ["a mode that does not exist", { access_mode: "everyone" }],
    ["a class that does not exist", { data_classification: "secret" }],
  ])("refuses %s", (_, change) => {
    expect(readAccessForm({ ...form, ...change })).toBeUndefined();
  });
});
