import { describe, expect, it } from "vitest";
import { errorCode } from "#platform/errors";
import { askedOf, readRunBody } from "./body.ts";

const LIMIT = 256 * 1024;

function post(body: BodyInit | null, contentType?: string, headers: Record<string, string> = {}): Request {
  const type: Record<string, string> = contentType === undefined ? {} : { "Content-Type": contentType };
  return new Request("http://app.test/runs", { method: "POST", body, headers: { ...type, ...headers } });
}

/** A multipart form, as bytes that are there at once. */
async function postForm(form: FormData): Promise<Request> {
  const sent = new Response(form);
  const type = sent.headers.get("Content-Type") ?? "";
  return post(await sent.arrayBuffer(), type);
}

const read = (request: Request) => readRunBody(request, async () => false);

/** What reading fails with, or `null` when it does not. */
async function failureOf(request: Request): Promise<unknown> {
  return readRunBody(request, async () => false).then(
    () => null,
    (error: unknown) => errorCode(error),
  );
}

describe("readRunBody", () => {
  it("reads JSON", async () => {
    expect(await read(post('{"inputs":{"a":1}}', "application/json; charset=utf-8"))).toEqual({
      kind: "json",
      inputs: { a: 1 },
      callbackUrl: null,
      captchaToken: null,
    });
    const further = '{"inputs":{},"captcha_token":"x","callback_url":"https://a.test"}';
    expect(await read(post(further, "Application/JSON"))).toEqual({
      kind: "json",
      inputs: {},
      callbackUrl: "https://a.test",
      captchaToken: "x",
    });
  });

  it("reads forms as browsers send them", async () => {
    const fields = { email: "a@b.c", note: "ü & 字" };
    expect(await read(post(new URLSearchParams(fields)))).toEqual({ kind: "form", inputs: fields, files: new Map(), captchaToken: null });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set("paper", new File(["x"], "x.txt", { type: "text/plain" }));
    const paper = { name: "x.txt", declared: "text/plain", bytes: new TextEncoder().encode("x") };
    expect(await read(await postForm(form))).toEqual({
      kind: "form",
      inputs: fields,
      files: new Map([["paper", paper]]),
      captchaToken: null,
    });
  });

  it("tells a captcha's token from the fields of its form", async () => {
    const sent = post(new URLSearchParams({ note: "x", "cf-turnstile-response": "token" }));
    expect(await read(sent)).toEqual({ kind: "form", inputs: { note: "x" }, files: new Map(), captchaToken: "token" });
  });

  it("takes large forms only where the app takes files, and one file a field", async () => {
    const form = new FormData();
    form.append("paper", new File(["x".repeat(LIMIT)], "x.txt"));
    expect(await failureOf(await postForm(form))).toBe("payload_too_large");
    expect((await readRunBody(await postForm(form), async () => true)).kind).toBe("form");
    form.append("paper", new File(["y"], "y.txt"));
    expect(await readRunBody(await postForm(form), async () => true).catch(errorCode)).toBe("validation_failed");
  });

  it("knows the same request again, by the bytes of its files", async () => {
    const asked = async (text: string) => {
      const form = new FormData();
      form.append("paper", new File([text], "x.txt"));
      return JSON.stringify(await askedOf(await read(await postForm(form))));
    };
    expect(await asked("x")).toBe(await asked("x"));
    expect(await asked("x")).not.toBe(await asked("y"));
  });

  it("does not let a form's field reach beyond the form", async () => {
    const body = await read(post("__proto__=x&constructor=y", "application/x-www-form-urlencoded"));
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
