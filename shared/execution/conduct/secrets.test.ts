import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Completion } from "#ai";
import { AppError } from "#platform/errors";
import type { Logger } from "#platform/log";
import { workflowSchema } from "../check.ts";
import { inARow, noServices, type RunOptions, runRequest, runWorkflow } from "../fixtures/run-workflow.ts";
import { MemoryJournal } from "../memory-journal.ts";
import { compilePlan } from "../plan.ts";
import type { OpenedApp, RunEvent } from "../run.ts";
import { conduct } from "./conduct.ts";
import { Secrecy } from "./secrecy.ts";
import { StreamedText } from "./streamed-text.ts";

/** With signs that JSON, addresses and markup each spell in their own way. */
const secret = "sk-\"q/é+&=~'7f3a90";
const utf8 = new TextEncoder().encode(secret);
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The secret in every spelling, and in the middle of longer texts in base64. */
const spellings: readonly string[] = [
  secret,
  JSON.stringify(secret).slice(1, -1),
  JSON.stringify(secret).slice(1, -1).replace("/", "\\/").replace("é", "\\u00e9"),
  JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  encodeURIComponent(secret),
  encodeURIComponent(secret).toLowerCase(),
  encodeURIComponent(secret).replace("'", "%27"),
  new URLSearchParams({ k: secret }).toString().slice(2),
  secret.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;"),
];
const inBase64 = ["", "u:", "a", "Bearer "].map((before) => base64(`${before}${secret}, and more`));

const shows = (text: string) => spellings.some((one) => text.includes(one)) || showsBase64(text);

/** Whether anything in a text reads as the secret once it is taken out of base64. */
function showsBase64(text: string): boolean {
  return (text.match(/[\w+/-]{8,}={0,2}/g) ?? []).some((part) =>
    [0, 1, 2, 3].some((skip) => Buffer.from(part.slice(skip), "base64").includes(Buffer.from(utf8.slice(3, -3)))),
  );
}

const call = { id: "call", type: "http", config: { url: "https://example.com/", headers: { "x-key": "{{ secrets.key }}" } } };

/** Everything that a run shows of itself. */
async function shownBy(workflow: unknown, options: RunOptions = {}) {
  const events: RunEvent[] = [];
  const kept: string[] = [];
  const result = await runWorkflow(workflow, {
    secrets: { key: secret },
    onEvent: (event) => events.push(event),
    conduct: {
      keepValue: async (_seq, _side, json) => {
        kept.push(json);
      },
    },
    ...options,
  });
  return { result, shown: JSON.stringify({ result, events, kept }) };
}

describe("a secret", () => {
  it("is found by these tests in all of its spellings", () => {
    expect([...spellings, ...inBase64].every((one) => shows(`…${one}…`))).toBe(true);
    expect(shows(JSON.stringify({ text: "nothing", id: base64("something else entirely") }))).toBe(false);
  });

  it.each([...spellings, ...inBase64])("that comes back as %s is not shown", async (spelling) => {
    const answer = () => new Response(`you sent ${spelling}.`);
    const workflow = inARow([call], { body: "{{ nodes.call.body }}", again: "{{ nodes.call }}" });
    const { result, shown } = await shownBy(workflow, { services: { fetch: async () => answer() } });
    expect(result.status).toBe("completed");
    expect(result.outputs?.["body"]).toContain("[secret]");
    expect(shows(String(result.outputs?.["body"]))).toBe(false);
    expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  it("that comes back in a header, a key, a file's name, a large body or a refused redirect is not shown", async () => {
    const answers = [
      () =>
        new Response("x", { headers: { [encodeURIComponent("sk-7f3a90secret")]: "sk-7f3a90secret", "set-cookie": "t=sk-7f3a90secret" } }),
      () => Response.json({ deep: [{ "sk-7f3a90secret": ["sk-7f3a90secret"] }] }),
      () => new Response("sk-7f3a90secret ".repeat(9_000)),
      () => new Response("x", { headers: { "content-disposition": 'attachment; filename="sk-7f3a90secret.txt"' } }),
      () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1/sk-7f3a90secret" } }),
      () => new Response(null, { status: 302, headers: { location: "sk-7f3a90secret://x" } }),
    ];
    for (const answer of answers) {
      for (const response of ["auto", "file"]) {
        const node = { ...call, config: { ...call.config, response }, on_error: "continue" };
        const { shown } = await shownBy(inARow([node], { all: "{{ nodes.call }}" }), {
          secrets: { key: " sk-7f3a90secret\n" },
          services: { fetch: async () => answer(), keepFile: async ({ name, type }) => ({ id: "fil_1", name, type, size: 1 }) },
        });
        expect(shown).not.toContain("7f3a90");
      }
    }
  });

  it.each(["bearer", "basic", "header", "query"])("given as %s is not shown, whatever of the request comes back", async (type) => {
    const auth = { type, token: "{{ secrets.key }}", username: "u", password: "{{ secrets.key }}", name: "k", value: "{{ secrets.key }}" };
    const fields: Record<string, string[]> = {
      bearer: ["token"],
      basic: ["username", "password"],
      header: ["name", "value"],
      query: ["name", "value"],
    };
    const config = {
      url: "https://example.com/",
      auth: Object.fromEntries(Object.entries(auth).filter(([name]) => name === "type" || fields[type]?.includes(name))),
    };
    const plain = "pl4nted secret/+value";
    const { result, shown } = await shownBy(inARow([{ id: "call", type: "http", config }], { all: "{{ nodes.call }}" }), {
      secrets: { key: plain },
      services: {
        fetch: async (address, init) => new Response(`${address.href} ${JSON.stringify([...new Headers(init.headers)])}`),
      },
    });
    expect(result.status).toBe("completed");
    expect(shown).toContain("[secret]");
    expect(shown).not.toMatch(/pl4nted/);
    expect(shown).not.toContain(base64(`u:${plain}`));
  });

  it("is not shown by what an expression made of it", async () => {
    const headers = {
      a: "{{ $uppercase(secrets.key) }}",
      b: "id {{ $substring(secrets.key, 0, 12) }}",
      c: "{{ $base64encode(secrets.key) }}",
    };
    const config = { ...call.config, headers };
    const { shown } = await shownBy(inARow([{ ...call, config }], { all: "{{ nodes.call.body }}" }), {
      secrets: { key: "pl4nted-secret-value" },
      services: { fetch: async (_address, init) => new Response(JSON.stringify([...new Headers(init.headers)])) },
    });
    expect(shown).not.toMatch(/pl4nted/i);
    expect(shown).not.toContain(base64("pl4nted-secret").slice(0, 12));
  });

  it("is not shown by errors", async () => {
    const failing = { ...call, config: { ...call.config, headers: { "x-key": "{{ $number(secrets.key) }}" } } };
    expect(shows((await shownBy(inARow([failing], {}))).shown)).toBe(false);
    const fetches = [
      () => Promise.reject(new TypeError(`cannot send ${secret}`)),
      () => Promise.reject(new AppError("node_failed", `no: ${encodeURIComponent(secret)}`)),
    ];
    for (const fetch of fetches) {
      const { result, shown } = await shownBy(inARow([call], {}), { services: { fetch } });
      expect(result.status).toBe("failed");
      expect(shows(shown)).toBe(false);
    }
  });

  it("is not shown by the operators' log", async () => {
    const lines: string[] = [];
    const log: Logger = {
      info() {},
      warn() {},
      error: (message, error) =>
        lines.push(message, error instanceof Error ? `${error.message} ${error.stack} ${String(error.cause)}` : String(error)),
      with: () => log,
    };
    const ctx = { clock: { now: () => 0 }, random: { bytes: (length: number) => new Uint8Array(length), float: () => 0 }, log };
    const keepFile = () => Promise.reject(new Error(`cannot keep ${secret}`, { cause: new Error(secret) }));
    const file = { ...call, config: { ...call.config, response: "file" } };
    const request = runRequest(inARow([file], {}), { secrets: { key: secret } });
    await conduct(ctx, request, { ...noServices, fetch: async () => new Response("x"), keepFile }, new MemoryJournal()).end;
    expect(lines.join("\n")).toContain("cannot keep [secret]");
    expect(shows(lines.join("\n"))).toBe(false);
  });

  it("is not shown from within loops, and other apps that alone name it", async () => {
    const echo = async (_address: URL, init: RequestInit) => new Response(`got ${new Headers(init.headers).get("x-key")}`);
    const plain = "pl4nted-secret";
    const body = inARow([call], { got: "{{ nodes.call.body }}" });
    const loop = await shownBy(
      inARow([{ id: "each", type: "loop", config: { items: [1, 2], concurrency: 2, body } }], { all: "{{ nodes.each.results }}" }),
      {
        secrets: { key: plain },
        services: { fetch: echo },
      },
    );
    expect(loop.result.outputs).toEqual({ all: [{ got: "got [secret]" }, { got: "got [secret]" }] });
    expect(loop.shown).not.toContain("pl4nted");
    const opened: OpenedApp = {
      app: { id: "app_2", name: "Other", slug: "other", version: 1 },
      plan: compilePlan(workflowSchema.parse(body)),
      inputs: [],
      dbSchema: { tables: [] },
    };
    const within = await shownBy(
      inARow([{ id: "other", type: "subflow", config: { app: "other" } }], { all: "{{ nodes.other.outputs }}" }),
      {
        secrets: { key: plain },
        services: { fetch: echo },
        request: { openApp: async () => opened },
      },
    );
    expect(within.result).toMatchObject({ status: "completed", outputs: { all: { got: "got [secret]" } } });
    expect(within.shown).not.toContain("pl4nted");
  });

  it("that a model repeats piece by piece is not shown", async () => {
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    const complete = async ({ onText }: { onText?: ((text: string) => void) | undefined }): Promise<Completion> => {
      const text = `The key is ${secret}, and in base64 ${base64(secret)}. sk-`;
      for (const piece of text.match(/.{1,4}/gs) ?? []) onText?.(piece);
      return { text, usage, model: "m" };
    };
    const nodes = [call, { id: "ask", type: "llm", config: { prompt: "{{ nodes.call.body }}" } }];
    const events: RunEvent[] = [];
    const { shown } = await shownBy(inARow(nodes, { text: "{{ nodes.ask.text }}" }), {
      services: { fetch: async () => new Response("ok"), complete },
      onEvent: (event) => events.push(event),
    });
    const streamed = events.map((event) => (event.type === "node.delta" ? event.text : "")).join("");
    expect(streamed).toMatch(/^The key is \[secret\], and in base64 \[secret\]\S{0,4}\. sk-$/);
    expect(shows(streamed)).toBe(false);
    expect(shown).not.toContain(JSON.stringify(secret).slice(1, -1));
  });
});

describe("streamed text", () => {
  it("never shows a secret, however it is cut, and nothing else is lost", () => {
    const secrets = ["abab", "abcab", "cc", "babc"];
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "c", "-"), maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (text, sizes) => {
        const secrecy = new Secrecy();
        for (const one of secrets) secrecy.hide(one);
        let sent = "";
        const streamed = new StreamedText(secrecy, (part) => {
          sent += part;
        });
        for (let from = 0, turn = 0; from < text.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          streamed.add(text.slice(from, from + size));
          from += size;
        }
        streamed.end();
        for (const one of secrets) expect(sent).not.toContain(one);
        const isClean = secrets.every((one) => !text.includes(one));
        if (isClean) expect(sent).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it("goes on at once where no secret can begin", () => {
    const secrecy = new Secrecy();
    secrecy.hide("s3cret");
    const sent: string[] = [];
    const streamed = new StreamedText(secrecy, (part) => sent.push(part));
    for (const piece of ["Hello", " you s", "o and s3", "cre", "t!"]) streamed.add(piece);
    expect(sent).toEqual(["Hello", " you ", "so and ", "[secret]!"]);
  });
});
