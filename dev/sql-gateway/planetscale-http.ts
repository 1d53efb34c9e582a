import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connection, FieldInfo, UpsertResult } from "mariadb";
import { z } from "zod";
import { MAX_BODY_BYTES, parseJson, readBody, sendJson } from "../http-body.ts";
import { type PlanetscaleFailure, planetscaleFailure } from "./mysql-errors.ts";
import type { MysqlCredentials, MysqlLease, MysqlPools } from "./mysql-pools.ts";
import { changeResult, type MysqlResult, rowsResult } from "./mysql-result.ts";
import { type MysqlSessions, type Session, sessionSchema } from "./mysql-sessions.ts";

const EXECUTE = "/psdb.v1alpha1.Database/Execute";
const CREATE_SESSION = "/psdb.v1alpha1.Database/CreateSession";

const executeSchema = z.object({ query: z.string(), session: sessionSchema.nullish() });

export interface PlanetscaleServices {
  readonly pools: MysqlPools;
  readonly sessions: MysqlSessions;
}

export function isPlanetscalePath(path: string): boolean {
  return path === EXECUTE || path === CREATE_SESSION;
}

/** Answers PlanetScale's HTTP API; `services` is null where no MySQL server was configured. */
export async function handlePlanetscale(
  request: IncomingMessage,
  response: ServerResponse,
  services: PlanetscaleServices | null,
): Promise<void> {
  const refuse = (status: number, code: string, message: string) => sendJson(response, status, { error: { code, message } });
  const body = await readBody(request);
  if (body === null) return refuse(413, "RESOURCE_EXHAUSTED", `request is too large (max is ${MAX_BODY_BYTES} bytes)`);
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials === null) return refuse(401, "UNAUTHENTICATED", "Access denied");
  if (services === null) return refuse(503, "UNAVAILABLE", "no MySQL server is configured (MYSQL_URL)");

  if (request.url === CREATE_SESSION) {
    try {
      (await services.pools.acquire(credentials)).release();
      sendJson(response, 200, { session: services.sessions.newSession() });
    } catch (error) {
      answerFailure(response, planetscaleFailure(error, credentials.user), null);
    }
    return;
  }
  const input = executeSchema.safeParse(parseJson(body));
  if (!input.success) return refuse(400, "INVALID_ARGUMENT", "the body must hold a query");
  await execute(response, services, credentials, input.data.query, input.data.session ?? services.sessions.newSession());
}

async function execute(
  response: ServerResponse,
  services: PlanetscaleServices,
  credentials: MysqlCredentials,
  sql: string,
  session: Session,
): Promise<void> {
  const started = performance.now();
  let lease: MysqlLease | null = null;
  let inTransaction = session.in_transaction;
  try {
    if (session.in_transaction) {
      const checkout = services.sessions.checkout(session, credentials);
      if (!checkout.ok)
        return answerFailure(response, { status: 200, error: { code: "ABORTED", message: checkout.message } }, ended(session));
      lease = checkout.lease;
    } else {
      lease = await services.pools.acquire(credentials);
    }
    const { connection } = lease;
    inTransaction = transactionAfter(sql, inTransaction);
    const result = await hangUpAware(response, connection, () => runSql(connection, sql));
    sendJson(response, 200, {
      session: { id: session.id, in_transaction: inTransaction },
      result,
      timing: (performance.now() - started) / 1000,
    });
  } catch (error) {
    // A statement that fails leaves a transaction as it was: open until the client rolls it back.
    inTransaction = session.in_transaction && lease?.connection.isValid() === true;
    answerFailure(response, planetscaleFailure(error, credentials.user), { id: session.id, in_transaction: inTransaction });
  } finally {
    if (lease !== null) settle(services.sessions, credentials, session, lease, inTransaction);
  }
}

function settle(sessions: MysqlSessions, credentials: MysqlCredentials, session: Session, lease: MysqlLease, inTransaction: boolean): void {
  if (inTransaction && lease.connection.isValid()) {
    sessions.keep(session, credentials, lease);
    return;
  }
  sessions.forget(session);
  lease.release();
}

/** A client that hangs up takes its statement with it: the connection is closed, the server rolls back. */
async function hangUpAware<T>(response: ServerResponse, connection: Connection, work: () => Promise<T>): Promise<T> {
  const onClose = () => connection.destroy();
  response.once("close", onClose);
  try {
    return await work();
  } finally {
    response.off("close", onClose);
  }
}

async function runSql(connection: Connection, sql: string): Promise<MysqlResult> {
  const result = await connection.query<UpsertResult | ((Buffer | null)[][] & { meta: FieldInfo[] })>({
    sql,
    rowsAsArray: true,
    // Raw bytes: the driver at the other end does the parsing.
    typeCast: (field) => field.buffer(),
  });
  return "meta" in result && Array.isArray(result) ? rowsResult(result.meta, result) : changeResult(result);
}

/** Whether the session is in a transaction once this statement has succeeded. */
function transactionAfter(sql: string, before: boolean): boolean {
  if (/^\s*(begin|start\s+transaction)\b/i.test(sql)) return true;
  if (/^\s*(commit|rollback(?!\s+(work\s+)?to\b))\b/i.test(sql)) return false;
  return before;
}

function ended(session: Session): Session {
  return { id: session.id, in_transaction: false };
}

function answerFailure(response: ServerResponse, { status, error }: PlanetscaleFailure, session: Session | null): void {
  sendJson(response, status, { ...(session === null ? {} : { session }), error });
}

function basicCredentials(authorization: string | undefined): MysqlCredentials | null {
  const encoded = /^Basic (.+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
