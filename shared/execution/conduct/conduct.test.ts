import { describe, expect, it } from "vitest";
import type { Completion, CompletionRequest } from "#ai";
import type { DbOperation } from "#database";
import { AppError } from "#platform/errors";
import { leadDesk } from "../fixtures/lead-desk.ts";
import { inARow, runWorkflow } from "../fixtures/run-workflow.ts";
import type { RunEvent } from "../run.ts";

const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };

function answer(text: string, parsed?: unknown): Completion {
  return { text, usage, model: "m", ...(parsed === undefined ? {} : { parsed }) };
}

/** Never ends by itself; keeps to its signal. */
function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_done, fail) => signal?.addEventListener("abort", () => fail(signal.reason)));
}

const prompt = { id: "ask", type: "llm", config: { prompt: "x" } };

describe("execute", () => {
  it("runs the documented example", async () => {
    const operations: DbOperation[] = [];
    const events: RunEvent[] = [];
    const result = await runWorkflow(leadDesk, {
      inputs: { email: "ada@example.com", message: "I want a quote" },
      services: {
        complete: async (request) => {
          if (request.outputSchema) return answer("", { intent: "sales", confidence: 0.9 });
          request.onText?.("Gladly ");
          request.onText?.("so.");
          return answer("Gladly so.");
        },
        executeOperation: async (operation) => {
          operations.push(operation);
          return { rows: [{ id: "row-1" }], count: 1 };
        },
      },
      onEvent: (event) => events.push(event),
    });
    expect(result).toMatchObject({
      status: "completed",
      outputs: { reply: "Gladly so.", kind: "sales", lead_id: "row-1" },
      error: null,
      usage: { input_tokens: 20, output_tokens: 10, total_tokens: 30 },
    });
    const values = { email: "ada@example.com", kind: "sales", message: "I want a quote", reply: "Gladly so." };
    expect(operations).toEqual([{ operation: "insert", table: "leads", values }]);
    expect(result.nodeLogs.map(({ seq, node_id, status, input_tokens }) => [seq, node_id, status, input_tokens])).toEqual([
      [0, "start", "completed", 0],
      [1, "kind", "completed", 10],
      [2, "reply", "completed", 10],
      [3, "save", "completed", 0],
      [4, "end", "completed", 0],
    ]);
    expect(events.map((event) => ("node_id" in event ? `${event.type} ${event.node_id}` : event.type))).toEqual([
      "run.started",
      ...["start", "kind"].flatMap((id) => [`node.started ${id}`, `node.finished ${id}`]),
      "node.started reply",
      "node.delta reply",
      "node.delta reply",
      "node.finished reply",
      ...["save", "end"].flatMap((id) => [`node.started ${id}`, `node.finished ${id}`]),
    ]);
  });

  it("follows one branch, skips the other, and joins", async () => {
    const workflow = (amount: number) => ({
      nodes: [
        { id: "start", type: "start" },
        { id: "big", type: "condition", config: { expression: `{{ ${amount} > 10 }}` } },
        { id: "yes", type: "template", config: { text: "large" } },
        { id: "no", type: "template", config: { text: "small" } },
        { id: "join", type: "transform", config: { value: { yes: "{{ nodes.yes.text }}", no: "{{ nodes.no.text }}" } } },
        { id: "end", type: "end", config: { outputs: { all: "{{ nodes.join.value }}" } } },
      ],
      edges: [
        { from: "start", to: "big" },
        { from: "big", port: "true", to: "yes" },
        { from: "big", port: "false", to: "no" },
        { from: "yes", to: "join" },
        { from: "no", to: "join" },
        { from: "join", to: "end" },
      ],
    });
    const large = await runWorkflow(workflow(11));
    expect(large.outputs).toEqual({ all: { yes: "large", no: null } });
    expect(large.nodeLogs.map(({ node_id }) => node_id)).toEqual(["start", "big", "yes", "join", "end"]);
    expect((await runWorkflow(workflow(3))).outputs).toEqual({ all: { yes: null, no: "small" } });
  });

  it("merges the outputs of several live ends in topological order, and gives none where none is reached", async () => {
    const nodes = [
      { id: "start", type: "start" },
      { id: "one", type: "end", config: { outputs: { a: 1, b: 1 } } },
      { id: "two", type: "end", config: { outputs: { b: 2 } } },
    ];
    const edges = [
      { from: "start", to: "one" },
      { from: "start", to: "two" },
    ];
    expect((await runWorkflow({ nodes, edges })).outputs).toEqual({ a: 1, b: 2 });
    const dead = [{ id: "no", type: "condition", config: { expression: "false" } }];
    const nowhere = inARow(dead, { a: 1 });
    const result = await runWorkflow({
      ...nowhere,
      edges: [
        { from: "start", to: "no" },
        { from: "no", port: "true", to: "end" },
      ],
    });
    expect(result).toMatchObject({ status: "completed", outputs: {} });
  });

  it("runs branches at the same time, but no more than a Worker has connections", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `n${index}`);
    let [active, most] = [0, 0];
    const workflow = {
      nodes: [{ id: "start", type: "start" }, ...ids.map((id) => ({ ...prompt, id })), { id: "end", type: "end" }],
      edges: ids.flatMap((id) => [
        { from: "start", to: id },
        { from: id, to: "end" },
      ]),
    };
    const complete = async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise(setImmediate);
      active -= 1;
      return answer("x");
    };
    expect(await runWorkflow(workflow, { services: { complete } })).toMatchObject({ status: "completed" });
    expect(most).toBe(6);
  });
});

describe("failures", () => {
  const flaky = (failures: AppError[]) => async (_request: CompletionRequest) => {
    const failure = failures.shift();
    if (failure) throw failure;
    return answer("at last");
  };
  const busy = () => new AppError("model_unavailable", "busy");

  it("tries again as often as the policy says, and counts the attempts", async () => {
    const workflow = inARow([{ ...prompt, retry: { attempts: 3, backoff_ms: 5 } }], { text: "{{ nodes.ask.text }}" });
    const result = await runWorkflow(workflow, { services: { complete: flaky([busy(), busy()]) } });
    expect(result).toMatchObject({ status: "completed", outputs: { text: "at last" } });
    expect(result.nodeLogs[1]).toMatchObject({ attempts: 3, status: "completed" });
    const exhausted = await runWorkflow(workflow, { services: { complete: flaky([busy(), busy(), busy()]) } });
    expect(exhausted).toMatchObject({ status: "failed", error: { code: "model_unavailable", message: "busy", node_id: "ask" } });
  });

  it("does not try again what would fail again, unless told to", async () => {
    const refused = () => new AppError("model_failed", "refused");
    const once = inARow([{ ...prompt, retry: { attempts: 5 } }], {});
    expect((await runWorkflow(once, { services: { complete: flaky([refused()]) } })).nodeLogs[1]).toMatchObject({
      attempts: 1,
      status: "failed",
    });
    const named = inARow([{ ...prompt, retry: { attempts: 5, on: ["model_failed"] } }], {});
    expect(await runWorkflow(named, { services: { complete: flaky([refused()]) } })).toMatchObject({ status: "completed" });
  });

  it("goes on with the error as output, or by the error port", async () => {
    const complete = flaky([busy(), busy()]);
    const goOn = inARow([{ ...prompt, on_error: "continue" }], { why: "{{ nodes.ask.error.code }}" });
    const result = await runWorkflow(goOn, { services: { complete } });
    expect(result).toMatchObject({ status: "completed", outputs: { why: "model_unavailable" } });
    expect(result.nodeLogs[1]).toMatchObject({ status: "failed", error: { code: "model_unavailable" } });
    const ported = {
      nodes: [
        { id: "start", type: "start" },
        { ...prompt, on_error: "error_port" },
        { id: "fine", type: "end", config: { outputs: { way: "fine" } } },
        { id: "broken", type: "end", config: { outputs: { way: "{{ nodes.ask.error.message }}" } } },
      ],
      edges: [
        { from: "start", to: "ask" },
        { from: "ask", to: "fine" },
        { from: "ask", port: "error", to: "broken" },
      ],
    };
    expect((await runWorkflow(ported, { services: { complete } })).outputs).toEqual({ way: "busy" });
    expect((await runWorkflow(ported, { services: { complete } })).outputs).toEqual({ way: "fine" });
  });

  it("cuts off a node that takes too long, even one that ignores its signal", async () => {
    let aborted = false;
    const workflow = inARow([{ ...prompt, timeout_ms: 20 }], {});
    const obedient = await runWorkflow(workflow, {
      services: {
        complete: ({ signal }) => {
          signal?.addEventListener("abort", () => {
            aborted = true;
          });
          return untilAborted(signal);
        },
      },
    });
    expect(obedient).toMatchObject({ status: "failed", error: { code: "node_timeout", node_id: "ask" } });
    expect(aborted).toBe(true);
    const deaf = await runWorkflow(workflow, { services: { complete: () => new Promise(() => {}) } });
    expect(deaf.error?.code).toBe("node_timeout");
  });

  it("ends at the run's deadline, whatever retries are left", async () => {
    const workflow = inARow([{ ...prompt, retry: { attempts: 10, backoff_ms: 0, on: ["node_timeout"] }, timeout_ms: 500_000 }], {});
    const result = await runWorkflow(workflow, {
      services: { complete: () => new Promise(() => {}) },
      request: { config: { timeout_ms: 30, max_output_bytes: 1000 } },
    });
    expect(result).toMatchObject({ status: "failed", outputs: null, error: { code: "run_timeout" } });
    expect(result.nodeLogs.at(-1)).toMatchObject({ node_id: "ask", status: "cancelled", error: { code: "run_timeout" } });
  });

  it("is cancelled by its caller, before and during", async () => {
    const early = await runWorkflow(inARow([prompt], {}), { request: { signal: AbortSignal.abort() } });
    expect(early).toMatchObject({ status: "cancelled", nodeLogs: [] });
    const controller = new AbortController();
    const late = await runWorkflow(inARow([prompt], {}), {
      services: {
        complete: ({ signal }) => {
          queueMicrotask(() => controller.abort());
          return untilAborted(signal);
        },
      },
      request: { signal: controller.signal },
    });
    expect(late).toMatchObject({ status: "cancelled", outputs: null });
    expect(late.nodeLogs.map(({ status }) => status)).toEqual(["completed", "cancelled"]);
  });

  it("ends the other branches when one fails", async () => {
    const workflow = {
      nodes: [
        { id: "start", type: "start" },
        { ...prompt, id: "slow" },
        { ...prompt, id: "bad", config: { prompt: "fail" } },
        { id: "end", type: "end" },
      ],
      edges: ["slow", "bad"].flatMap((id) => [
        { from: "start", to: id },
        { from: id, to: "end" },
      ]),
    };
    const complete = ({ messages, signal }: CompletionRequest) =>
      messages[0]?.content === "fail" ? Promise.reject(new AppError("model_failed", "no")) : untilAborted(signal);
    const result = await runWorkflow(workflow, { services: { complete } });
    expect(result).toMatchObject({ status: "failed", error: { code: "model_failed", node_id: "bad" } });
    expect(result.nodeLogs.map(({ node_id, status }) => [node_id, status])).toEqual([
      ["start", "completed"],
      ["slow", "cancelled"],
      ["bad", "failed"],
    ]);
  });

  it("tells nobody what was never meant for them", async () => {
    const complete = () => Promise.reject(new TypeError("cannot read host 10.0.0.7"));
    const result = await runWorkflow(inARow([prompt], {}), { services: { complete } });
    expect(result.error).toEqual({ code: "node_failed", message: "The node failed unexpectedly.", node_id: "ask" });
    expect(JSON.stringify(result)).not.toContain("10.0.0.7");
  });

  it("counts the tokens of an answer that could not be used", async () => {
    const config = { instructions: "x", format: "json" };
    const result = await runWorkflow(inARow([{ id: "write", type: "generate", config }], {}), {
      services: { complete: async () => answer("not JSON") },
    });
    expect(result).toMatchObject({ status: "failed", error: { code: "model_failed" }, usage });
    expect(result.nodeLogs[1]).toMatchObject({ input_tokens: 10, output_tokens: 5 });
  });

  it("refuses outputs larger than the app allows", async () => {
    const workflow = inARow([], { text: "x".repeat(2_000) });
    const result = await runWorkflow(workflow, { request: { config: { timeout_ms: 1000, max_output_bytes: 1024 } } });
    expect(result).toMatchObject({ status: "failed", outputs: null, error: { code: "payload_too_large" } });
  });
});

describe("secrets", () => {
  const call = {
    id: "call",
    type: "http",
    config: {
      url: "https://example.com/",
      headers: { "x-key": "{{ secrets.key }}" },
      auth: { type: "basic", username: "u", password: "{{ secrets.key }}" },
    },
  };

  it("reach the request and no log", async () => {
    const key = 'p"ss wörd';
    let sent = new Headers();
    const result = await runWorkflow(
      inARow([{ ...call, config: { ...call.config, headers: { "x-key": "{{ secrets.plain }}" } } }], { body: "{{ nodes.call.body }}" }),
      {
        secrets: { key, plain: "plain-secret" },
        services: {
          fetch: async (_address, init) => {
            sent = new Headers(init.headers);
            return Response.json({ echo: Object.fromEntries(sent), key }, { headers: { "x-echo": "plain-secret" } });
          },
        },
      },
    );
    expect(sent.get("x-key")).toBe("plain-secret");
    const credentials = sent.get("authorization")?.split(" ")[1] ?? "none";
    expect(Buffer.from(credentials, "base64").toString()).toBe(`u:${key}`);
    const logs = JSON.stringify(result.nodeLogs);
    for (const secret of ["plain-secret", credentials, key, JSON.stringify(key).slice(1, -1)]) expect(logs).not.toContain(secret);
    expect(logs).toContain("[secret]");
  });

  it("are read only by workflows that name them", async () => {
    let reads = 0;
    const loadSecrets = async () => {
      reads += 1;
      return { key: "k" };
    };
    await runWorkflow(inARow([], {}), { request: { loadSecrets } });
    expect(reads).toBe(0);
    const fetch = async () => new Response("ok");
    await runWorkflow(inARow([call], {}), { request: { loadSecrets }, services: { fetch } });
    expect(reads).toBe(1);
  });

  it("fail the node when the workspace has none of the name", async () => {
    const result = await runWorkflow(inARow([call], {}), { secrets: {} });
    expect(result).toMatchObject({ status: "failed", error: { code: "node_failed", message: expect.stringContaining("no such secret") } });
  });
});
