import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { verifyWebhook, webhookHeaders, webhookSecret } from "./standard-webhooks.ts";

const secret = webhookSecret(Uint8Array.from({ length: 32 }, (_, index) => index * 7));
const body = '{"grüße":"世界"}';

/** As the reference client would sign it. */
function signed(at: number, id = "msg_1", by = secret): Record<string, string> {
  const date = new Date(at);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1_000)),
    "webhook-signature": new Webhook(by).sign(id, date, body),
  };
}

function verify(headers: Record<string, string>, now: number, text = body): Promise<string> {
  return verifyWebhook(secret, new Headers(headers), now, text);
}

describe("a signed message", () => {
  it("is accepted by the reference client", async () => {
    const headers = await webhookHeaders(secret, "msg_1", Date.now(), body);
    expect(new Webhook(secret).verify(body, headers)).toEqual({ grüße: "世界" });
  });

  it("of the reference client is accepted, one right signature among several being enough", async () => {
    const now = 1_700_000_000_500;
    expect(await verify(signed(now), now)).toBe("msg_1");
    const { "webhook-signature": right = "" } = signed(now);
    expect(await verify({ ...signed(now), "webhook-signature": `v1,AAAA v1a,xyz ${right} v2,AAAA` }, now)).toBe("msg_1");
  });

  it("may be five minutes old or ahead, and no more", async () => {
    const sent = 1_700_000_000_000;
    for (const offset of [-300_000, 300_000]) expect(await verify(signed(sent), sent + offset)).toBe("msg_1");
    for (const offset of [-301_000, 301_000]) {
      await expect(verify(signed(sent), sent + offset)).rejects.toMatchObject({
        code: "unauthenticated",
        message: expect.stringContaining("5 minutes"),
      });
    }
  });

  const now = 1_700_000_000_000;
  it.each([
    ["another body", signed(now), `${body} `],
    ["another secret", signed(now, "msg_1", webhookSecret(new Uint8Array(32))), body],
    ["another id", { ...signed(now), "webhook-id": "msg_2" }, body],
    ["another time", { ...signed(now), "webhook-timestamp": String(now / 1_000 + 1) }, body],
    ["no time", { ...signed(now), "webhook-timestamp": "soon" }, body],
    ["a time that only begins as one", { ...signed(now), "webhook-timestamp": `${now / 1_000}x` }, body],
    ["no base64", { ...signed(now), "webhook-signature": "v1,***" }, body],
    ["an empty signature", { ...signed(now), "webhook-signature": "v1," }, body],
    [
      "a signature of another kind",
      { ...signed(now), "webhook-signature": (signed(now)["webhook-signature"] ?? "").replace("v1,", "v2,") },
      body,
    ],
    ["no headers", {}, body],
  ])("with %s is refused", async (_, headers, text) => {
    await expect(verify(headers, now, text)).rejects.toMatchObject({ code: "unauthenticated" });
  });
});
