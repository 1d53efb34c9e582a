import { describe, expect, it } from "vitest";
import { NO_CONVERSATION } from "#platform/objects/visitor-session";
import { loadMarkdown } from "./markdown.ts";
import { renderAppPage, renderKeyPage, renderMessagePage, renderPasswordPage } from "./render.tsx";
import { errorText, localeOf } from "./texts.ts";
import type { AppView, PageState } from "./view.ts";

const EVIL = `</script><script>alert(1)</script>"'><img src=x onerror=alert(1)>`;
const usage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
type Ui = AppView["ui"];

async function view(changes: Partial<AppView> & { ui?: Ui } = {}): Promise<AppView> {
  return {
    name: "Desk",
    description: "Answers.",
    base: "/acme/desk",
    ui: { schema_version: "1", layout: { type: "stack" }, blocks: [], actions: [] },
    inputs: [{ name: "message", type: "string", required: true }],
    steps: {},
    answerNodes: [],
    locale: localeOf("en", null),
    offlineModel: false,
    canSignOut: false,
    needsScript: false,
    release: "1",
    conversation: NO_CONVERSATION,
    state: { kind: "fresh" },
    values: {},
    markdown: await loadMarkdown(),
    ...changes,
  };
}

function answered(outputs: Record<string, unknown>, inputs: Record<string, unknown> = {}): PageState {
  return { kind: "answered", inputs, answer: { run_id: "run_1", status: "completed", outputs, usage, session_id: "t" } };
}

function ui(changes: Partial<Ui>): Ui {
  return { schema_version: "1", layout: { type: "stack" }, blocks: [], actions: [], ...changes };
}

/** Elements and attributes that could run something, whatever stands in texts. */
function dangers(html: string): string[] {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  return tags.filter(
    (tag) =>
      /^<(img|iframe|object|embed|svg[^>]*onload)/i.test(tag) ||
      /\son\w+\s*=/i.test(tag.replace(/"[^"]*"/g, '""')) ||
      /javascript:/i.test(tag),
  );
}

describe("renderAppPage", () => {
  it("escapes everything an app or a visitor says", async () => {
    const html = renderAppPage(
      await view({
        name: EVIL,
        description: EVIL,
        inputs: [{ name: "message", type: "string", title: EVIL, description: EVIL }],
        steps: { reply: EVIL },
        ui: ui({
          blocks: [
            {
              id: "form",
              type: "form",
              label: EVIL,
              children: [{ id: "m", type: "input", input_key: "message", label: EVIL, props: { placeholder: EVIL, help: EVIL } }],
            },
            { id: "s", type: "select", input_key: "kind", props: { options: [{ value: EVIL, label: EVIL }] } },
            { id: "card", type: "card", label: EVIL, props: { content: EVIL }, children: [] },
            { id: "md", type: "markdown", props: { content: `${EVIL} {{ outputs.reply }}` } },
            { id: "t", type: "table", props: { content: "{{ outputs.rows }}", columns: [{ key: "a", label: EVIL }] } },
            { id: "c", type: "chart", props: { content: "{{ outputs.rows }}", kind: "bar", x: "a", y: "n" } },
            { id: "chat", type: "chat", input_key: "said", props: { greeting: EVIL, placeholder: EVIL } },
          ],
          actions: [{ id: "go", type: "submit", label: EVIL }],
        }),
        values: { message: EVIL },
        state: answered({ reply: EVIL, rows: [{ a: EVIL, n: 3 }] }, { said: EVIL }),
      }),
    );
    expect(dangers(html)).toEqual([]);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain("alert(1)</script>");
  });

  it("shows markdown without its HTML and without links that run", async () => {
    const reply =
      "<b onclick=alert(1)>x</b> [a](javascript:alert(1)) [b](vbscript:x) [c](data:text/html,x) [ok](https://example.com) ![i](https://example.com/i.png)";
    const html = renderAppPage(
      await view({ ui: ui({ result_view: { type: "markdown", props: { content: "{{ outputs.reply }}" } } }), state: answered({ reply }) }),
    );
    const links = Array.from(html.matchAll(/href="([^"]*)"/g), (match) => match[1]).filter((href) => href !== "data:,");
    expect(links).toEqual(["https://example.com"]);
    expect(html).toContain('rel="noopener noreferrer nofollow"');
    expect(html).toContain("&lt;b onclick");
  });

  it("is a form that works by itself, with a field for each declared input when none is laid out", async () => {
    const html = renderAppPage(
      await view({
        inputs: [
          { name: "email", type: "string", format: "email", required: true },
          { name: "count", type: "integer", min: 1, max: 9 },
          { name: "agree", type: "boolean", required: true },
          { name: "plan", type: "string", enum: ["a", "b"], default: "b" },
        ],
      }),
    );
    expect(html).toContain('<form id="run" method="post" action="/acme/desk/runs#result">');
    expect(html).toMatch(/<input id="input-email" name="email" required="" [^>]*type="email"/);
    expect(html).toMatch(/name="count" [^>]*type="number" inputmode="numeric" min="1" max="9" step="1"/);
    expect(html).toMatch(/<input id="input-agree" name="agree" aria-describedby="[^"]*" type="checkbox" value="true"/);
    expect(html).toContain('<option value="b" selected="">b</option>');
    expect(html).toContain('<button type="submit">Send</button>');
  });

  it("takes files by itself, and says which", async () => {
    const html = renderAppPage(
      await view({ inputs: [{ name: "paper", type: "file", required: true, accept: ["application/pdf", "image/*"] }] }),
    );
    expect(html).toMatch(/<form id="run" method="post" action="\/acme\/desk\/runs#result" enctype="multipart\/form-data">/);
    expect(html).toMatch(/<input id="input-paper" name="paper" required="" [^>]*type="file" accept="application\/pdf,image\/\*"/);
    expect(html).toContain("Takes: application/pdf, image/*");
  });

  it("shows what was said before, as text or as the app shows its answers, and a way to begin anew", async () => {
    const chat = (changes: Partial<Ui>) => ui({ blocks: [{ id: "chat", type: "chat", input_key: "message" }], ...changes });
    const turn = (run_id: string, said: string, answer: string) => ({ run_id, said, answer, at: 0 });
    const conversation = {
      summary: "They met.",
      turns: [turn("run_0", EVIL, `**${EVIL}**`), turn("run_1", "Again", "{{ inputs.message }}")],
    };
    const plain = renderAppPage(await view({ ui: chat({}), conversation }));
    expect(dangers(plain)).toEqual([]);
    expect(plain).toContain("What was said before this is remembered in short.");
    expect(plain.match(/data-run="run_\d"/g)).toEqual(['data-run="run_0"', 'data-run="run_1"']);
    expect(plain).toContain("{{ inputs.message }}");
    expect(plain).toContain('action="/acme/desk/session/end"');
    const result_view = { type: "markdown" as const, props: { content: "{{ outputs.reply }}" } };
    const state = answered({ reply: "*Now*" }, { message: "Again" });
    const formatted = renderAppPage(await view({ ui: chat({ result_view }), conversation, state }));
    expect(dangers(formatted)).toEqual([]);
    expect(formatted).toContain("<strong>");
    // The turn that the page is about is shown once.
    expect(formatted.match(/Again/g)).toHaveLength(1);
    expect(formatted).toContain("<em>Now</em>");
    expect(renderAppPage(await view())).not.toContain("session/end");
  });

  it("says that a run goes on", async () => {
    const html = renderAppPage(await view({ locale: localeOf("zh", null), state: { kind: "going" } }));
    expect(html).toContain("此页面每隔几秒会自动查看结果。");
  });

  it("ties faults to their fields and keeps what was typed", async () => {
    const faults = new Map([["message", { path: "inputs.message", code: "required", message: "This input is required." }]]);
    const html = renderAppPage(
      await view({
        locale: localeOf("zh-CN", null),
        values: { message: "半句" },
        state: { kind: "refused", code: "validation_failed", faults },
      }),
    );
    expect(html).toContain('aria-invalid="true"');
    expect(html).toMatch(/<p class="fault" id="fault-message">请填写此项。<\/p>/);
    expect(html).toContain(">半句</textarea>");
  });

  it.each([
    ["text", { reply: "one\ntwo" }, "one\ntwo"],
    ["json", { reply: { a: [1] } }, "&quot;a&quot;: ["],
  ] as const)("shows a result as %s", async (type, outputs, expected) => {
    const result_view = { type, props: { content: "{{ outputs.reply }}" } } as const;
    expect(renderAppPage(await view({ ui: ui({ result_view }), state: answered(outputs) }))).toContain(expected);
  });

  it("shows rows as a table, and as a drawing with the same rows beside it", async () => {
    const rows = [
      { month: "May", sum: 3 },
      { month: "June", sum: 5 },
    ];
    const table = renderAppPage(
      await view({ ui: ui({ result_view: { type: "table", props: { content: "{{ outputs.rows }}" } } }), state: answered({ rows }) }),
    );
    expect(table).toMatch(/<th scope="col">month<\/th>.*<td>May<\/td><td class="number">3<\/td>/);
    for (const kind of ["bar", "line", "pie"] as const) {
      const result_view = { type: "chart", props: { content: "{{ outputs.rows }}", kind, x: "month", y: "sum" } } as const;
      const chart = renderAppPage(await view({ ui: ui({ result_view }), state: answered({ rows }) }));
      expect(chart).toContain('<svg class="chart"');
      expect(chart).toContain("<td>June</td>");
    }
  });

  it("shows all outputs by name where the app does not say how", async () => {
    const html = renderAppPage(await view({ state: answered({ reply: "hi", count: 2 }) }));
    expect(html).toMatch(/<dt>reply<\/dt><dd class="text">hi<\/dd>.*<dt>count<\/dt><dd class="text">2<\/dd>/);
  });

  it("explains a run that failed without its inner message", async () => {
    const answer = {
      run_id: "run_1",
      status: "failed",
      outputs: null,
      usage,
      session_id: "t",
      error: { code: "model_unavailable", message: "api.internal refused" },
    } as const;
    const html = renderAppPage(await view({ state: { kind: "answered", inputs: {}, answer } }));
    expect(html).toContain("The model is busy");
    expect(html).not.toContain("api.internal");
  });

  it("names the offline model wherever its output is shown", async () => {
    expect(renderAppPage(await view({ offlineModel: true }))).toContain("Answered by the built-in offline model");
    expect(renderAppPage(await view())).not.toContain("offline model");
  });

  it("tells those without scripts that an app's captcha needs one", async () => {
    const page = renderAppPage(await view({ needsScript: true }));
    expect(page).toMatch(/<noscript>.*This check needs JavaScript.*<\/noscript>/s);
    expect(renderAppPage(await view())).not.toContain("<noscript>");
  });
});

describe("localeOf", () => {
  it("takes the app's language before the visitor's", () => {
    expect(localeOf("zh-CN", "en")).toMatchObject({ language: "zh", tag: "zh-CN", direction: "ltr" });
    expect(localeOf("ar", "zh-TW,en")).toMatchObject({ language: "zh", tag: "ar", direction: "rtl" });
    expect(localeOf(null, "de-DE, zh;q=0.8, en;q=0.7")).toMatchObject({ language: "zh", tag: "zh" });
    expect(localeOf(null, null)).toMatchObject({ language: "en", tag: "en" });
  });
});

describe("renderMessagePage", () => {
  it("says in words what happened, and when to come back", () => {
    const locale = localeOf(null, "zh");
    const message = errorText(locale.texts, "rate_limited");
    const html = renderMessagePage({ locale, message, requestId: EVIL, retryAfter: 12 });
    expect(html).toContain("请慢一点");
    expect(html).toContain("12 秒后可以重试");
    expect(dangers(html)).toEqual([]);
  });
});

describe("renderPasswordPage", () => {
  it("asks in the visitor's language, and says at the field what was wrong", () => {
    const asked = { name: EVIL, action: "/acme/desk/auth/password", next: EVIL };
    const html = renderPasswordPage({ ...asked, locale: localeOf(null, "zh"), fault: null });
    expect(html).toContain("使用此应用需要密码");
    expect(html).not.toContain('aria-invalid="true"');
    expect(dangers(html)).toEqual([]);
    const again = renderPasswordPage({ ...asked, locale: localeOf(null, "en"), fault: "That is not the password." });
    expect(again).toContain('aria-invalid="true"');
    expect(again).toContain("That is not the password.");
  });
});

describe("renderKeyPage", () => {
  it("shows how programs use the app", () => {
    const html = renderKeyPage({ locale: localeOf(null, "en"), name: EVIL, address: "https://desk.example.com" });
    expect(html).toContain("curl https://desk.example.com/runs");
    expect(dangers(html)).toEqual([]);
  });
});
