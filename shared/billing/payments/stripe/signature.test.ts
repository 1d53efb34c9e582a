import { describe, expect, it } from "vitest";
import { signWebhook } from "../../../../dev/stripe-api/server.ts";
import { verifySignature } from "./signature.ts";

const NOW = Date.UTC(2026, 5, 1);
const BODY = '{"id":"evt_1","name":"Zoë"}';

const outcome = (header: string, { secrets = ["whsec_a"], now = NOW, body = BODY } = {}) =>
  verifySignature(secrets, header, now, body).then(
    () => "accepted",
    (error: { code: string }) => error.code,
  );

describe("a webhook's signature", () => {
  it("is right by one of the secrets on either side, so that both can change", async () => {
    expect(await outcome(signWebhook(BODY, ["whsec_a"], NOW))).toBe("accepted");
    expect(await outcome(signWebhook(BODY, ["whsec_old", "whsec_a"], NOW))).toBe("accepted");
    expect(await outcome(signWebhook(BODY, ["whsec_a"], NOW), { secrets: ["whsec_new", "whsec_a"] })).toBe("accepted");
    expect(await outcome(`${signWebhook(BODY, ["whsec_a"], NOW)},v0=00`)).toBe("accepted");
  });

  it("is of exactly this body, by this secret", async () => {
    const header = signWebhook(BODY, ["whsec_a"], NOW);
    expect(await outcome(header, { body: `${BODY} ` })).toBe("bad_request");
    expect(await outcome(header, { secrets: ["whsec_b"] })).toBe("bad_request");
    expect(await outcome(header, { secrets: [] })).toBe("bad_request");
    expect(await outcome(header.replace("v1=", "v0="))).toBe("bad_request");
  });

  it("is not older, nor younger, than five minutes", async () => {
    const header = signWebhook(BODY, ["whsec_a"], NOW);
    for (const seconds of [300, -300]) expect(await outcome(header, { now: NOW + seconds * 1_000 })).toBe("accepted");
    for (const seconds of [301, -301]) expect(await outcome(header, { now: NOW + seconds * 1_000 })).toBe("bad_request");
    const later = header.replace(/t=\d+/, `t=${NOW / 1_000 + 600}`);
    expect(await outcome(later, { now: NOW + 600_000 })).toBe("bad_request");
  });

  it("is there, and well-formed", async () => {
    for (const header of ["", "t=,v1=", "v1=abc", "t=1e9,v1=00", `t=${NOW / 1_000},v1=zz`, `t=${NOW / 1_000}`])
      expect([header, await outcome(header)]).toEqual([header, "bad_request"]);
  });
});
