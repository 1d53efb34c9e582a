import { describe, expect, it } from "vitest";
import { errorCode } from "#platform/errors";
import { readRunBody } from "./body.ts";

const LIMIT = 256 * 1024;

function post(body: BodyInit | null, contentType?: string, headers: Record<string, string> = {}): Request {
  const type: Record<string, string> = contentType === undefined ? {} : { "Content-Type": contentType };
  return new Request("http://app.test/runs", { method: "POST", body, headers: { ...type, ...headers } });
}

/** What reading fails with, or `null` when it does not. */
async function failureOf(request: Request): Promise<unknown> {
  return readRunBody(request).then(
    () => null,
    (error: unknown) => errorCode(error),
  );
}

describe("readRunBody", () => {
  it("reads JSON", async () => {
    expect(await readRunBody(post('{"inputs":{"a":1}}', "application/json; charset=utf-8"))).toEqual({ kind: "json", inputs: { a: 1 } });
    expect(await readRunBody(post('{"inputs":{},"captcha_token":"x"}', "Application/JSON"))).toEqual({ kind: "json", inputs: {} });
  });

  it("reads forms as browsers send them", async () => {
    const fields = { email: "a@b.c", note: "ü & 字" };
    expect(await readRunBody(post(new URLSearchParams(fields)))).toEqual({ kind: "form", inputs: fields });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set("file", new File(["x"], "x.txt"));
    expect(await readRunBody(post(form))).toEqual({ kind: "form", inputs: fields });
  });

  it("does not let a form's field reach beyond the form", async () => {
    const body = await readRunBody(post("__proto__=x&constructor=y", "application/x-www-form-urlencoded"));
    expect(Object.keys(body.inputs ?? {})).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(body.inputs)).toBe(Object.prototype);
  });

  it.each([
    ["no type", undefined],
    ["text", "text/plain"],
    ["xml", "application/xml"],
  ])("refuses %s", async (_, contentType) => {
    expect(await failureOf(post(new TextEncoder().encode("{}"), contentType))).toBe("unsupported_media_type");
  });

  it.each([
    ["nothing", ""],
    ["half a document", '{"inputs":'],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
  ])("refuses %s", async (_, body) => {
    expect(await failureOf(post(body, "application/json"))).toBe("bad_request");
  });

  it.each(["[]", "7", '"x"', "null", '{"inputs":{},"input":{}}', '{"inputs":{},"captcha_token":5}'])(
    "does not take %s for a request",
    async (body) => {
      expect(await failureOf(post(body, "application/json"))).toBe("validation_failed");
    },
  );

  it("refuses a broken multipart form", async () => {
    expect(await failureOf(post("nonsense", "multipart/form-data; boundary=x"))).toBe("bad_request");
  });

  it("takes exactly the limit and not a byte more", async () => {
    const empty = '{"inputs":""}'.length;
    const document = (bytes: number) => `{"inputs":"${"x".repeat(bytes - empty)}"}`;
    expect(await failureOf(post(document(LIMIT), "application/json"))).toBeNull();
    expect(await failureOf(post(document(LIMIT + 1), "application/json"))).toBe("payload_too_large");
  });

  it("believes a large Content-Length without reading", async () => {
    const request = post("{}", "application/json", { "Content-Length": String(LIMIT + 1) });
    expect(await failureOf(request)).toBe("payload_too_large");
    expect(request.bodyUsed).toBe(false);
  });

  it("stops reading a body that does not say how long it is", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: "POST", body: endless, duplex: "half", headers: { "Content-Type": "application/json" } };
    expect(await failureOf(new Request("http://app.test/runs", init))).toBe("payload_too_large");
    expect(sent).toBeLessThan(2 * LIMIT);
  });
});
