import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { uuidv7 } from "#platform/ids";
import { type Driver, plain, type SqlAnswer, type SqlStatement } from "../driver.ts";
import type { ServerRefusal } from "../failures.ts";
import { type Migration, type Migrator, refuseRows, stepFailure } from "../migrator.ts";
import { readCatalog } from "./catalog.ts";
import { mysqlRefusal } from "./failures.ts";
import {
  advanceStatement,
  beginStatement,
  finishedStatement,
  journalTable,
  type OpenMove,
  readOpenMoves,
  takeBackStatement,
  turnStatement,
  undoneStatement,
  unfinishedStatement,
} from "./journal.ts";
import { createMysqlSchemaDialect } from "./schema-dialect.ts";

/**
 * What a server says to a way back that need not be gone: what is to be taken away is not there, or what is to be put back is
 * (errors 1050, 1051, 1054, 1060, 1061, 1091, 1146), or rows that came meanwhile lack the value that was required (1048, 1138, 1265).
 */
const NOTHING_TO_DO: ReadonlySet<string> = new Set(
  [1048, 1050, 1051, 1054, 1060, 1061, 1091, 1138, 1146, 1265].map((number) => `error ${number}`),
);

/** One server's database, as its owner. */
interface Session {
  run(statement: SqlStatement): Promise<SqlAnswer>;
  /** A statement that may take long. */
  command(text: string): Promise<void>;
}

/** A statement of a way back or of an ending, which may have been run before. */
async function repeatable(session: Session, text: string): Promise<void> {
  try {
    await session.command(text);
  } catch (error) {
    if (!NOTHING_TO_DO.has(mysqlRefusal(error)?.code ?? "")) throw error;
  }
}

/** Undoes, in reverse, what was begun of a plan that was taken back. A statement that was cut off holds its table until it is over. */
async function compensate(session: Session, planId: string, moves: readonly OpenMove[]): Promise<void> {
  for (const { position, undo } of moves.toReversed()) {
    for (const text of undo) await repeatable(session, text);
    await session.run(undoneStatement(planId, position));
  }
}

/** Deletes what was put aside. */
async function finish(session: Session, planId: string, endings: readonly string[]): Promise<void> {
  for (const text of endings) await repeatable(session, text);
  await session.run(finishedStatement(planId));
}

/** What is left in the journal, which the first look makes. */
async function readUnfinished(session: Session): Promise<OpenMove[]> {
  try {
    return readOpenMoves((await session.run(unfinishedStatement)).rows);
  } catch (error) {
    if (mysqlRefusal(error)?.objection !== "unknown_table") throw error;
    await session.command(journalTable);
    return [];
  }
}

/**
 * Brings to an end what earlier changes, or one of them, were kept from: finishes what is past the point of no return, and
 * undoes the rest.
 */
async function heal(session: Session, only?: string): Promise<void> {
  const read = async () => (await readUnfinished(session)).filter(({ planId }) => only === undefined || planId === only);
  const found = new Set((await read()).map(({ planId }) => planId));
  if (found.size === 0) return;
  for (const planId of found) await session.run(takeBackStatement(planId));
  for (const [planId, moves] of Map.groupBy(await read(), (move) => move.planId)) {
    // One that was begun in between is left alone.
    if (!found.has(planId)) continue;
    const isDecided = moves.some(({ state }) => state === "finishing");
    const endings = moves.flatMap((move) => move.finish);
    await (isDecided ? finish(session, planId, endings) : compensate(session, planId, moves));
  }
}

/** A statement that the server refused by a word of its own did nothing; of one that was cut off nobody knows. */
function wasRefused(refusal: ServerRefusal | undefined): boolean {
  return refusal !== undefined && /^error \d+$/.test(refusal.code) && !["timeout", "unreachable"].includes(refusal.objection);
}

/** One change on its way. */
interface Passage {
  readonly ctx: Context;
  readonly session: Session;
  readonly planId: string;
  /** Thrown when somebody else has taken the plan back meanwhile. */
  readonly overtaken: AppError;
}

async function advance({ ctx, session, planId, overtaken }: Passage, position: number, expected: number): Promise<void> {
  const { count } = await session.run(advanceStatement(planId, position, ctx.clock.now()));
  if (count !== expected) throw overtaken;
}

async function runMove({ session, planId }: Passage, position: number, text: string): Promise<void> {
  try {
    await session.command(text);
  } catch (error) {
    if (wasRefused(mysqlRefusal(error))) await session.run(undoneStatement(planId, position));
    throw error;
  }
}

async function takeSteps(passage: Passage, { steps }: Migration): Promise<void> {
  const { session, planId, overtaken } = passage;
  const moves = steps.flatMap((step) => step.moves.map((move) => ({ step, ...move })));
  for (const [position, { step, run, checks }] of moves.entries()) {
    try {
      await refuseRows(step, checks, (sql) => session.run(plain(sql)));
      await advance(passage, position, position === 0 ? 1 : 2);
      await runMove(passage, position, run);
    } catch (error) {
      throw stepFailure(step, error, mysqlRefusal(error));
    }
  }
  await advance(passage, moves.length, 1);
  if ((await session.run(turnStatement(planId))).count !== moves.length) throw overtaken;
}

async function carryOut(ctx: Context, session: Session, migration: Migration): Promise<void> {
  const planId = uuidv7(ctx.clock.now(), ctx.random);
  const overtaken = new AppError("conflict", "Another change of the workspace's schema came in between; nothing was changed.");
  await session.run(beginStatement(planId, migration));
  try {
    await takeSteps({ ctx, session, planId, overtaken }, migration);
  } catch (error) {
    // What cannot be put right now is by the next change, before anything else.
    if (error !== overtaken) await heal(session, planId).catch((left: unknown) => ctx.log.error("a schema change is half done", left));
    throw error;
  }
  const endings = migration.steps.flatMap((step) => step.moves.flatMap((move) => move.finish));
  await finish(session, planId, endings).catch((left: unknown) => ctx.log.error("a schema change is unfinished", left));
}

/** MySQL's DDL commits by itself: a journal in the database itself knows the way back from anywhere, and the way on. */
export function createMysqlMigrator(driver: Driver): Migrator {
  return {
    async change(ctx, address, decide) {
      const session: Session = {
        run: (statement) => driver.run(address, statement),
        command: (text) => driver.command(address, text),
      };
      await heal(session);
      const { catalog, collation } = await readCatalog(session.run);
      const migration = await decide(catalog, createMysqlSchemaDialect(collation));
      if (migration && migration.steps.length > 0) await carryOut(ctx, session, migration);
    },
  };
}
