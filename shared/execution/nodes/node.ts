import { z } from "zod";
import type { Completion, CompletionRequest } from "#ai";
import type { DbOperation, DbSchema, OperationResult } from "#database";
import { AppError } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import type { AnswerGiven } from "#platform/objects/durable-run";
import type { OutgoingPolicy } from "#platform/outgoing/policy";
import type { Question, RunUsage } from "#platform/records";
import type { InputDeclaration } from "../inputs/declarations.ts";
import type { RunSession } from "../run.ts";
import type { RunFiles } from "./file-reference.ts";

/** The world as nodes reach it; a host gives it, so that nodes themselves hold no addresses and no clients. */
export interface NodeServices extends RunFiles {
  readonly complete: (request: CompletionRequest) => Promise<Completion>;
  /** On the tables of the run's own app, unless others are given. */
  readonly executeOperation: (operation: DbOperation, signal: AbortSignal, dbSchema?: DbSchema) => Promise<OperationResult>;
  readonly fetch: (address: URL, init: RequestInit) => Promise<Response>;
  /** Which addresses may be fetched. */
  readonly outgoing: OutgoingPolicy;
}

/** Another app of the workspace: as it is published, or in a version. */
export interface AppReference {
  readonly slug: string;
  readonly version?: number | undefined;
}

export interface FoundApp {
  readonly name: string;
  readonly description: string | undefined;
  readonly version: number;
  readonly inputs: readonly InputDeclaration[];
}

/** What one attempt at a node is given besides its config. */
export interface NodeIo {
  readonly services: NodeServices;
  /** Aborted when the node's time is over or the run ends. */
  readonly signal: AbortSignal;
  /** Names the node's turn within the run: its id, or more within a loop. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The tables of the app that the node is part of. */
  readonly dbSchema: DbSchema;
  /** What the start node gives: the run's inputs, or a loop's `item`, `index` and `last`. */
  readonly runInputs: Readonly<Record<string, unknown>>;
  /** The run's inputs, also within a loop. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What was said before this run. */
  readonly session: RunSession;
  /** `item`, `index` and `last` within a loop. */
  readonly locals: Readonly<Record<string, unknown>>;
  /** Milliseconds that the node says an attempt may take. */
  readonly timeoutMs: number | undefined;
  /** Outputs of the nodes before this one, for types that see them; `null` for skipped ones. */
  readonly nodes: () => Record<string, unknown>;
  /** Streams text to whoever watches; absent when nobody does. */
  readonly emit: ((text: string) => void) | undefined;
  /** Counts tokens, whatever becomes of the attempt. */
  readonly used: (usage: RunUsage) => void;
  /** Keeps a value made from secrets out of logs. */
  readonly hide: (value: string) => void;
  /** The value with nothing left of secrets: for what is cut, of which no part would be known as one. */
  readonly redact: (value: unknown) => unknown;
  /** The value of one of the node's lazy fields, such as `tools[0].http.url`, as it is now; `undefined` where the config has none. */
  readonly evaluate: (field: string, locals: Readonly<Record<string, unknown>>) => unknown;
  /** Does a step once: after a crash, a step that has ended gives its earlier result (JSON) and is not done again. */
  readonly once: <T>(name: string, work: () => T | Promise<T>, schema: z.ZodType<T>) => Promise<T>;
  /**
   * Does several things at a time, each of which may wait or run graphs, and counts as work of its own meanwhile. Rejects with the
   * first that fails.
   */
  readonly together: <T>(works: readonly (() => Promise<T>)[]) => Promise<T[]>;
  /** Runs the graph within the node. `turn` names this turn of it: `[0]`. Fails as the node that failed it. */
  readonly runBody: (turn: string, locals: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
  /** Looks another app of the workspace up, as it was when this attempt's node first did. `name` tells several apart. Throws `node_failed`. */
  readonly findApp: (name: string, app: AppReference) => Promise<FoundApp>;
  /** Runs another app of the workspace within this node and gives its outputs. `name` tells several apart. */
  readonly runApp: (name: string, app: AppReference, inputs: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
  /** Waits until a time (ms since the epoch), however long that is. */
  readonly pause: (until: number) => Promise<void>;
  /** Puts a question to people; gives the answer, or `undefined` once it has expired. */
  readonly ask: (question: Omit<Question, "node_id">) => Promise<AnswerGiven | undefined>;
}

export interface NodeResult {
  readonly output: unknown;
  /** The port it leaves by; without one, by every edge that names none. */
  readonly port?: string;
}

/** One kind of node. The config handed to `run` has every expression resolved. */
export interface NodeType {
  readonly type: string;
  readonly title: string;
  /** Whether it only computes: then it needs no timer, and nothing to abort. */
  readonly pure: boolean;
  /** Whether it may wait for long: then only its own clock ends it. */
  readonly parks: boolean;
  /** Whether other graphs run within it, which have their own text and their own ends. */
  readonly nests: boolean;
  /** Whether it sees the outputs of the nodes before it without naming them in an expression. */
  readonly seesNodes: boolean;
  /** Whether a run that has one may take long: then it needs a host that outlives the process. */
  readonly waits: (config: Readonly<Record<string, unknown>>) => boolean;
  /** Milliseconds that one attempt may take where the node does not say; without it, as long as the run. */
  readonly defaultTimeoutMs?: number;
  /** The config as written, in which an expression may stand for any value. */
  readonly configSchema: z.ZodType;
  /** Top-level config fields in which braces mean nothing. */
  readonly literalFields: readonly string[];
  /** Places in the config that may name secrets, such as `headers` or `tools[].http.headers`. */
  readonly secretFields: readonly string[];
  /** Places in the config that the node resolves itself, each time anew. */
  readonly lazyFields: readonly string[];
  /** What expressions in those places can begin with besides. */
  readonly localNames: readonly string[];
  /** The config field that holds the graph within it. */
  readonly bodyField?: string | undefined;
  /** Names of the ports, from a config that may still be wrong. None means that edges leave without naming a port. */
  readonly ports: (config: Readonly<Record<string, unknown>>) => readonly string[];
  /** The port that a node which gave this output has left by; `undefined` for what is no output of the type. Only for types with ports. */
  readonly portOf?: (output: unknown) => string | undefined;
  /** Rewrites a config into the one whose texts hold the expressions; only where the two differ. */
  readonly prepare?: (config: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly run: (config: unknown, io: NodeIo) => NodeResult | Promise<NodeResult>;
}

interface NodeDefinition<Config> {
  readonly type: string;
  readonly title: string;
  readonly pure?: boolean;
  readonly parks?: boolean;
  readonly nests?: boolean;
  readonly seesNodes?: boolean;
  /** As `parks`, unless it says otherwise. */
  readonly waits?: boolean | ((config: Readonly<Record<string, unknown>>) => boolean);
  readonly defaultTimeoutMs?: number;
  readonly configSchema: z.ZodType;
  /** The config once resolved: what expressions gave is checked here. */
  readonly resolvedSchema: z.ZodType<Config>;
  readonly literalFields?: readonly string[];
  readonly secretFields?: readonly string[];
  readonly lazyFields?: readonly string[];
  readonly localNames?: readonly string[];
  readonly bodyField?: string;
  readonly ports?: (config: Readonly<Record<string, unknown>>) => readonly string[];
  readonly portOf?: (output: unknown) => string | undefined;
  readonly prepare?: (config: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly run: (config: Config, io: NodeIo) => NodeResult | Promise<NodeResult>;
}

/** Makes a node type whose `run` gets its config checked and typed. */
export function defineNode<Config>(definition: NodeDefinition<Config>): NodeType {
  const { resolvedSchema, run, pure = false, parks = false, nests = false, seesNodes = false, waits = parks } = definition;
  const { literalFields = [], secretFields = [], lazyFields = [], localNames = [], ports = () => [] } = definition;
  return {
    ...definition,
    pure,
    parks,
    nests,
    seesNodes,
    waits: typeof waits === "function" ? waits : () => waits,
    literalFields,
    secretFields,
    lazyFields,
    localNames,
    ports,
    run: (config, io) => {
      const parsed = resolvedSchema.safeParse(config);
      if (parsed.success) return run(parsed.data, io);
      const [first] = faultsOf(parsed.error, ["config"]);
      throw new AppError("node_failed", first ? `${first.path}: ${first.message}` : "The config is not valid.");
    },
  };
}

const WHOLE_EXPRESSION = /^\s*\{\{[\s\S]*\}\}\s*$/;

/** A value, or an expression that will give it. */
export function orExpression<T>(schema: z.ZodType<T>, expected: string) {
  const error = `Give ${expected} or one {{ expression }}.`;
  return z.union([schema, z.string().regex(WHOLE_EXPRESSION, { error })], { error });
}

/** The names of a config's list of named things, read tolerantly: faults are for the schema to report. */
export function namesIn(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) =>
    typeof item === "object" && item !== null && "name" in item && typeof item.name === "string" ? [item.name] : [],
  );
}
