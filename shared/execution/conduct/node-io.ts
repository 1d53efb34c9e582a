import type { z } from "zod";
import { AppError, type ErrorCode, errorCode } from "#platform/errors";
import type { RunUsage } from "#platform/records";
import { resolve } from "../expressions/resolve.ts";
import { parseInputs } from "../inputs/parse.ts";
import type { Outcome } from "../interpreter.ts";
import type { AppReference, FoundApp, NodeIo, NodeServices } from "../nodes/node.ts";
import type { PlanNode } from "../plan.ts";
import type { OpenedApp } from "../run.ts";
import type { Tally } from "./attempts.ts";
import type { StreamedText } from "./streamed-text.ts";
import type { FrameSpec, FrameView, RunWorld } from "./world.ts";

/** Apps within apps. */
const MAX_DEPTH = 5;

/** One attempt at a node. */
interface Attempt {
  readonly world: RunWorld;
  readonly frame: FrameView;
  readonly node: PlanNode;
  readonly path: string;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** What a node's attempt may do to the world. `streamed` takes its text, where somebody watches. */
export function nodeIo(attempt: Attempt, streamed: StreamedText | undefined): NodeIo {
  const { world, frame, node, path, tally, signal } = attempt;
  const { journal, secrecy, ctx } = world;
  return {
    services: servicesOf(attempt),
    signal,
    path,
    now: () => ctx.clock.now(),
    dbSchema: frame.spec.dbSchema,
    runInputs: frame.spec.given,
    inputs: frame.spec.inputs,
    session: world.session,
    locals: frame.spec.locals,
    timeoutMs: node.timeoutMs,
    nodes: () => Object.fromEntries(node.upstream.map((id) => [id, frame.output(id)])),
    // What comes after the attempt was given up is not part of the node's text.
    emit: streamed && ((text) => (signal.aborted ? undefined : streamed.add(text))),
    used: (usage) => count(tally, usage),
    hide: (value) => secrecy.hide(value),
    redact: (value) => secrecy.output(value),
    evaluate: (field, locals) => {
      const template = node.lazy[field];
      return template && resolve(template, { ...frame.scopeOf(node), locals: { ...frame.spec.locals, ...locals } });
    },
    once: (name, work, schema) => once(attempt, name, work, schema),
    together: (works) => together(attempt, works),
    runBody: (turn, locals) => runBody(attempt, turn, locals),
    findApp: (name, app) => findApp(attempt, name, app),
    runApp: (name, app, inputs) => runApp(attempt, name, app, inputs),
    pause: (until) => waitUntil(attempt, until, () => undefined),
    ask: (question) => {
      journal.ask({ ...question, node_id: path });
      return waitUntil(attempt, question.expires_at, () => journal.answerTo(path));
    },
  };
}

function servicesOf(attempt: Attempt): NodeServices {
  const { services } = attempt.world;
  const { spec } = attempt.frame;
  return {
    complete: (request) => services.complete(request, request.name === undefined ? named(attempt) : `${named(attempt)}/${request.name}`),
    // Another app of the workspace has tables of its own.
    executeOperation:
      spec.depth === 0 ? services.executeOperation : (operation, signal) => services.executeOperation(operation, signal, spec.dbSchema),
    fetch: services.fetch,
    get outgoing() {
      return services.outgoing;
    },
    openFile: services.openFile,
    keepFile: services.keepFile,
  };
}

function count(tally: Tally, usage: RunUsage): void {
  const { input_tokens = 0, output_tokens = 0, total_tokens = 0 } = tally.usage ?? {};
  tally.usage = {
    input_tokens: input_tokens + usage.input_tokens,
    output_tokens: output_tokens + usage.output_tokens,
    total_tokens: total_tokens + usage.total_tokens,
  };
}

/** Names what belongs to this attempt: what an earlier one did is not taken for its own. */
function named({ path, tally }: Attempt): string {
  return tally.attempts === 1 ? path : `${path}~${tally.attempts}`;
}

async function once<T>(attempt: Attempt, name: string, work: () => T | Promise<T>, schema: z.ZodType<T>): Promise<T> {
  const { journal, secrecy } = attempt.world;
  const key = `${named(attempt)}/${name}`;
  const known = journal.recall(key);
  if (known !== undefined) return schema.parse(known);
  const value = schema.parse(secrecy.output(await work()));
  journal.remember(key, value);
  return value;
}

/** The first of them goes on in the node's own name and slot; each other is counted as work and needs a slot besides. */
async function together<T>({ world }: Attempt, works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const { activity, slots } = world;
  let open = works.length;
  const lane = async (work: () => Promise<T>, index: number): Promise<T> => {
    if (index > 0) await slots.take();
    try {
      return await work();
    } finally {
      open -= 1;
      // The last hands both back to the node.
      if (open > 0) {
        slots.give();
        activity.leave();
      }
    }
  };
  for (let index = 1; index < works.length; index += 1) activity.enter();
  return await Promise.all(works.map(lane));
}

async function waitUntil<T>(attempt: Attempt, until: number, arrived: () => T | undefined): Promise<T | undefined> {
  const { world, path, signal } = attempt;
  const key = `${named(attempt)}#waiting`;
  if (until > world.ctx.clock.now() && world.journal.recall(key) === undefined) {
    world.journal.remember(key, until);
    world.journal.emit({ type: "node.waiting", node_id: path, until: new Date(until).toISOString() });
  }
  return parked(attempt, () => world.activity.wait(until, signal, arrived));
}

/** Nodes that wait work on nothing: others may have their slot. */
async function parked<T>({ world }: Attempt, wait: () => Promise<T>): Promise<T> {
  world.slots.give();
  try {
    return await wait();
  } finally {
    await world.slots.take();
  }
}

async function runFrame(attempt: Attempt, spec: FrameSpec): Promise<Record<string, unknown>> {
  const { world } = attempt;
  const outcome = await parked(attempt, async () => {
    const ended = world.runFrame(spec);
    // The nodes within are counted instead; the graph's end counts this one again.
    world.activity.leave();
    return ended;
  });
  return outputsOf(outcome);
}

function outputsOf(outcome: Outcome): Record<string, unknown> {
  if (outcome.status === "completed") return outcome.outputs;
  const { code, message, node_id } = outcome.error;
  throw new AppError(asCode(code), node_id === undefined ? message : `${node_id}: ${message}`);
}

function asCode(code: string): ErrorCode {
  return errorCode({ code }) ?? "node_failed";
}

function runBody(attempt: Attempt, turn: string, locals: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const { frame, node, signal } = attempt;
  if (!node.body) throw new Error(`node ${node.id} has no body`);
  return runFrame(attempt, {
    ...frame.spec,
    plan: node.body,
    prefix: `${named(attempt)}${turn}.`,
    signal,
    given: locals,
    locals,
    outer: (nodeId) => frame.output(nodeId),
    nested: true,
  });
}

async function runApp(
  attempt: Attempt,
  name: string,
  app: AppReference,
  inputs: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { frame, signal } = attempt;
  const depth = frame.spec.depth + 1;
  if (depth > MAX_DEPTH) throw new AppError("node_failed", `Apps can run within apps ${MAX_DEPTH} deep, and no deeper.`);
  const opened = await openApp(attempt, name, app);
  const parsed = parseInputs(opened.inputs, inputs);
  if (!parsed.ok) {
    const [fault] = parsed.faults;
    throw new AppError("node_failed", `The app ${app.slug} does not take these inputs. ${fault?.path}: ${fault?.message}`);
  }
  return runFrame(attempt, {
    plan: opened.plan,
    prefix: `${named(attempt)}${name === "" ? "" : `/${name}`}.`,
    signal,
    app: opened.app,
    dbSchema: opened.dbSchema,
    inputs: parsed.inputs,
    given: parsed.inputs,
    locals: {},
    outer: () => null,
    depth,
    nested: true,
  });
}

async function findApp(attempt: Attempt, name: string, app: AppReference): Promise<FoundApp> {
  const { app: found, description, inputs } = await openApp(attempt, name, app);
  return { name: found.name, description, version: found.version, inputs };
}

/** The app as it was when this node first opened it, whatever is published meanwhile. */
async function openApp({ world, path }: Attempt, name: string, { slug, version }: AppReference): Promise<OpenedApp> {
  const { journal, request } = world;
  const key = `${path}/${name}#version`;
  const chosen = journal.recall(key);
  const opened = await request.openApp?.(slug, typeof chosen === "number" ? chosen : version);
  if (!opened) throw new AppError("node_failed", `The workspace has no published app ${JSON.stringify(slug)}.`);
  journal.remember(key, opened.app.version);
  if (opened.plan.usesSecrets) await world.loadSecrets();
  return opened;
}
