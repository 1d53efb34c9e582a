import { z } from "zod";
import type { Completion, CompletionRequest } from "#ai";
import type { DbOperation, OperationResult } from "#database";
import { AppError } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import type { RunUsage } from "#platform/records";

/** The world as nodes reach it; a host gives it, so that nodes themselves hold no addresses and no clients. */
export interface NodeServices {
  readonly complete: (request: CompletionRequest) => Promise<Completion>;
  readonly executeOperation: (operation: DbOperation, signal: AbortSignal) => Promise<OperationResult>;
  readonly fetch: (address: URL, init: RequestInit) => Promise<Response>;
  /** `host:port` of private addresses that http nodes may call all the same. */
  readonly allowedPrivateHosts: ReadonlySet<string>;
}

/** What one attempt at a node is given besides its config. */
export interface NodeIo {
  readonly services: NodeServices;
  /** Aborted when the node's time is over or the run ends. */
  readonly signal: AbortSignal;
  readonly runInputs: Readonly<Record<string, unknown>>;
  /** Streams text to whoever watches; absent when nobody does. */
  readonly emit: ((text: string) => void) | undefined;
  /** Counts tokens, whatever becomes of the attempt. */
  readonly used: (usage: RunUsage) => void;
  /** Keeps a value made from secrets out of logs. */
  readonly hide: (value: string) => void;
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
  /** The config as written, in which an expression may stand for any value. */
  readonly configSchema: z.ZodType;
  /** Top-level config fields in which braces mean nothing. */
  readonly literalFields: readonly string[];
  /** Top-level config fields that may name secrets. */
  readonly secretFields: readonly string[];
  /** Names of the ports, from a config that may still be wrong. None means that edges leave without naming a port. */
  readonly ports: (config: Readonly<Record<string, unknown>>) => readonly string[];
  /** Rewrites a config into the one whose texts hold the expressions; only where the two differ. */
  readonly prepare?: (config: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly run: (config: unknown, io: NodeIo) => NodeResult | Promise<NodeResult>;
}

interface NodeDefinition<Config> {
  readonly type: string;
  readonly title: string;
  readonly pure?: boolean;
  readonly configSchema: z.ZodType;
  /** The config once resolved: what expressions gave is checked here. */
  readonly resolvedSchema: z.ZodType<Config>;
  readonly literalFields?: readonly string[];
  readonly secretFields?: readonly string[];
  readonly ports?: (config: Readonly<Record<string, unknown>>) => readonly string[];
  readonly prepare?: (config: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly run: (config: Config, io: NodeIo) => NodeResult | Promise<NodeResult>;
}

/** Makes a node type whose `run` gets its config checked and typed. */
export function defineNode<Config>(definition: NodeDefinition<Config>): NodeType {
  const { resolvedSchema, run, pure = false, literalFields = [], secretFields = [], ports = () => [] } = definition;
  return {
    ...definition,
    pure,
    literalFields,
    secretFields,
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
