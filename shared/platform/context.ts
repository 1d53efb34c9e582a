import { type Clock, type Random, systemClock, systemRandom } from "#platform/clock";
import { type Database, inTransaction, openDatabase, type Transaction } from "#platform/db";
import type { Env } from "#platform/env";
import { type IdKind, newId } from "#platform/ids";
import { createLogger, type Logger } from "#platform/log";
import type { RequestSource } from "#platform/request-source";

/** Who asks. An API key acts for its workspace alone, within its scopes. */
export type Actor =
  | { readonly type: "anonymous" }
  | { readonly type: "user"; readonly userId: string; readonly email: string; readonly name: string }
  | { readonly type: "api_key"; readonly apiKeyId: string; readonly workspaceId: string; readonly scopes: readonly string[] }
  | { readonly type: "system"; readonly name: string };

/** Built once a request (or message, or alarm) and handed down; there is no other way to reach time, chance or the world. */
export interface Context {
  readonly env: Env;
  readonly db: Database;
  readonly transaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: (kind: IdKind) => string;
  readonly actor: Actor;
  /** Where a member's request came from; `null` for everything else. */
  readonly source: RequestSource | null;
  readonly requestId: string;
  readonly log: Logger;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface ContextOptions {
  readonly actor?: Actor;
  readonly requestId?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export function createContext(env: Env, options: ContextOptions): Context {
  const { clock = systemClock, random = systemRandom, actor = { type: "anonymous" }, waitUntil } = options;
  // Made when first asked for: most of a warm request needs neither.
  let db: Database | undefined;
  let log: Logger | undefined;
  let requestId = options.requestId;
  return {
    env,
    get db() {
      db ??= openDatabase(env);
      return db;
    },
    transaction: (work) => inTransaction(env, work),
    clock,
    random,
    newId: (kind) => newId(kind, clock, random),
    actor,
    source: null,
    get requestId() {
      requestId ??= newId("request", clock, random);
      return requestId;
    },
    get log() {
      log ??= createLogger({ request_id: this.requestId });
      return log;
    },
    waitUntil,
  };
}

/** The same request, once its caller is known. */
export function withActor(context: Context, actor: Actor): Context {
  return Object.create(context, { actor: { value: actor, enumerable: true } });
}

/** The same request, with what is known of where it came from. */
export function withSource(context: Context, source: RequestSource): Context {
  return Object.create(context, { source: { value: source, enumerable: true } });
}
