import { z } from "zod";
import { plain, type SqlStatement, type SqlValue } from "../driver.ts";
import type { Migration } from "../migrator.ts";

/**
 * A move's states: planned → running → done → finishing → finished, or undoing → undone. A plan whose moves are all done is past
 * the point of no return: from then on it is finished, before it is undone.
 */
export const journalTable = `
CREATE TABLE IF NOT EXISTS schema_migrations (
  plan_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, position INT NOT NULL, plan_hash CHAR(64) NOT NULL,
  app_id VARCHAR(64) NOT NULL, kind VARCHAR(32) NOT NULL, table_name VARCHAR(64) NOT NULL, column_name VARCHAR(64),
  effect VARCHAR(16) NOT NULL, statement LONGTEXT NOT NULL, undo_statements LONGTEXT NOT NULL, finish_statements LONGTEXT NOT NULL,
  state VARCHAR(16) NOT NULL, started_at DATETIME(3), finished_at DATETIME(3), PRIMARY KEY (plan_id, position), KEY (state)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`;
const COLUMNS =
  "plan_id, position, plan_hash, app_id, kind, table_name, column_name, effect, statement, undo_statements, finish_statements, state".split(
    ", ",
  );

const UNFINISHED = `
SELECT plan_id, position, undo_statements, finish_statements, state FROM schema_migrations
WHERE state IN ('planned', 'running', 'done', 'finishing', 'undoing') ORDER BY plan_id, position`;

const statements = z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text)));
const rowSchema = z
  .tuple([z.string(), z.coerce.number().int(), statements, statements, z.enum(["planned", "running", "done", "finishing", "undoing"])])
  .transform(([planId, position, undo, finish, state]) => ({ planId, position, undo, finish, state }));

/** A move that was begun, or was to be, and has not come to its end. */
export type OpenMove = z.output<typeof rowSchema>;

/** Reads what earlier changes left behind. */
export const unfinishedStatement: SqlStatement = plain(UNFINISHED);

export function readOpenMoves(rows: readonly (readonly (string | null)[])[]): OpenMove[] {
  return z.array(rowSchema).parse(rows);
}

/** Writes down all that is to be done, before anything is. */
export function beginStatement(planId: string, { hash, appId, steps }: Migration): SqlStatement {
  const moves = steps.flatMap((step) => step.moves.map((move) => ({ step, move })));
  const rows = moves.map(({ step: { kind, table, column, effect }, move: { run, undo, finish } }, position): SqlValue[] => [
    ...[planId, position, hash, appId, kind, table, column, effect, run],
    ...[JSON.stringify(undo), JSON.stringify(finish), "planned"],
  ]);
  const tuple = `(${COLUMNS.map(() => "?").join(", ")})`;
  const text = `INSERT INTO schema_migrations (${COLUMNS.join(", ")}) VALUES ${rows.map(() => tuple).join(", ")}`;
  return { text, params: rows.flat() };
}

const moment = (time: number) => new Date(time).toISOString().replace("T", " ").replace("Z", "");

/**
 * The move before `position` is done, and that at `position` begins. Changes two rows, or one at either end of the plan; another
 * count means that somebody else has undone the plan meanwhile.
 */
export function advanceStatement(planId: string, position: number, time: number): SqlStatement {
  const now = moment(time);
  const text = `
UPDATE schema_migrations SET started_at = IF(position = ?, ?, started_at), finished_at = IF(position = ?, finished_at, ?),
  state = IF(position = ?, 'running', 'done')
WHERE plan_id = ? AND (position = ? AND state = 'planned' OR position = ? AND state = 'running')`;
  return { text, params: [position, now, position, now, position, planId, position, position - 1] };
}

/** All moves are done: from here on the plan is finished, whatever happens. */
export function turnStatement(planId: string): SqlStatement {
  return { text: "UPDATE schema_migrations SET state = 'finishing' WHERE plan_id = ? AND state = 'done'", params: [planId] };
}

/**
 * A plan is taken back, unless it is past the point of no return: whoever is at work on it finds nothing more to begin, and cannot
 * end it any more.
 */
export function takeBackStatement(planId: string): SqlStatement {
  const text =
    "UPDATE schema_migrations SET state = IF(state = 'planned', 'undone', 'undoing') WHERE plan_id = ? AND state IN ('planned', 'running', 'done')";
  return { text, params: [planId] };
}

export function finishedStatement(planId: string): SqlStatement {
  return { text: "UPDATE schema_migrations SET state = 'finished' WHERE plan_id = ? AND state = 'finishing'", params: [planId] };
}

export function undoneStatement(planId: string, position: number): SqlStatement {
  return { text: "UPDATE schema_migrations SET state = 'undone' WHERE plan_id = ? AND position = ?", params: [planId, position] };
}
