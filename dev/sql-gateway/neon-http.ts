import type { IncomingMessage, ServerResponse } from "node:http";
import type pg from "pg";
import { z } from "zod";
import { MAX_BODY_BYTES, parseJson, readBody, sendJson } from "../http-body.ts";
import { failure, neonFailure } from "./neon-errors.ts";
import { type ResponseBudget, runStatement, type Statement, type StatementResult, statementSchema } from "./neon-statement.ts";
import { cancelStatement } from "./postgres-cancel.ts";
import type { PostgresPools } from "./postgres-pools.ts";
import { addressOf, isAllowed, type ServerAddress } from "./server-addresses.ts";

const batchSchema = z.object({ queries: z.array(statementSchema) });

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

/** Commands whose effect outlives them on a connection; that connection must not serve another request. */
const STATEFUL_COMMANDS = new Set(["SET", "RESET", "BEGIN", "START", "PREPARE", "DECLARE", "LISTEN", "LOAD", "DISCARD"]);

interface Outcome {
  readonly body: unknown;
  /** Something of the request stays on the connection. */
  readonly stateful: boolean;
}

/** Answers Neon's `POST /sql`: one statement, or a batch that is one transaction. */
export async function handleNeonSql(
  request: IncomingMessage,
  response: ServerResponse,
  services: { readonly pools: PostgresPools; readonly servers: readonly ServerAddress[] },
): Promise<void> {
  const answer = (outcome: { status: number; body: unknown }) => sendJson(response, outcome.status, outcome.body);
  const body = await readBody(request);
  if (body === null) return answer(failure(413, `request is too large (max is ${MAX_BODY_BYTES} bytes)`));

  const connectionString = header(request, "neon-connection-string");
  const address = addressOf(connectionString ?? "");
  if (connectionString === undefined || address === null) return answer(failure(400, "invalid connection string"));
  if (!isAllowed(address, services.servers)) return answer(failure(400, `no such database server: ${address.host}`));

  const json = parseJson(body);
  const batch = batchSchema.safeParse(json);
  const single = statementSchema.safeParse(json);
  const begin = beginStatement(request);
  if (!(batch.success || single.success)) return answer(failure(400, "the body must hold a query, or queries"));
  if (begin === null) return answer(failure(400, "invalid isolation level"));

  try {
    const client = await services.pools.acquire(connectionString);
    const asArrays = header(request, "neon-array-mode") === "true";
    const result = await usingClient(client, response, (budget) =>
      batch.success
        ? runBatch(client, batch.data.queries, begin, asArrays, budget)
        : runSingle(client, single.success ? single.data : { query: "", params: [] }, asArrays, budget),
    );
    answer({ status: 200, body: result });
  } catch (error) {
    answer(neonFailure(error));
  }
}

/**
 * Gives the connection back, or closes it when something of the request would stay on it. When the caller hangs up, the
 * statement is stopped at the server.
 */
async function usingClient(
  client: pg.PoolClient,
  response: ServerResponse,
  work: (budget: ResponseBudget) => Promise<Outcome>,
): Promise<unknown> {
  const onClose = () => {
    if (!response.writableFinished) cancelStatement(client);
  };
  response.once("close", onClose);
  let keep = false;
  try {
    const outcome = await work({ bytes: MAX_BODY_BYTES });
    keep = !outcome.stateful;
    return outcome.body;
  } catch (error) {
    keep = client.getTransactionStatus() === "I";
    throw error;
  } finally {
    response.off("close", onClose);
    client.release(!keep);
  }
}

async function runSingle(client: pg.PoolClient, statement: Statement, asArrays: boolean, budget: ResponseBudget): Promise<Outcome> {
  const result = await runStatement(client, statement, asArrays, budget);
  return { body: result, stateful: STATEFUL_COMMANDS.has(result.command) };
}

async function runBatch(
  client: pg.PoolClient,
  statements: readonly Statement[],
  begin: string,
  asArrays: boolean,
  budget: ResponseBudget,
): Promise<Outcome> {
  const results: StatementResult[] = [];
  await client.query(begin);
  try {
    for (const statement of statements) results.push(await runStatement(client, statement, asArrays, budget));
    await client.query("COMMIT");
  } catch (error) {
    // A connection that cannot roll back is closed by the caller, which rolls back too.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
  return { body: { results }, stateful: results.some((result) => STATEFUL_COMMANDS.has(result.command)) };
}

/** `null` when the isolation level is none of Postgres'. */
function beginStatement(request: IncomingMessage): string | null {
  const level = header(request, "neon-batch-isolation-level");
  const isolation = level === undefined ? undefined : ISOLATION_LEVELS[level];
  if (level !== undefined && isolation === undefined) return null;
  return [
    "BEGIN",
    ...(isolation === undefined ? [] : [`ISOLATION LEVEL ${isolation}`]),
    ...(header(request, "neon-batch-read-only") === "true" ? ["READ ONLY"] : []),
    ...(header(request, "neon-batch-deferrable") === "true" ? ["DEFERRABLE"] : []),
  ].join(" ");
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
