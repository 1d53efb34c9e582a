import { and, getTableName, gt, inArray, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { Context } from "#platform/context";
import { keyVersions, rewrapSecret, type SecretBinding } from "#platform/envelope";
import { errorMessage } from "#platform/errors";

/** A table with sealed fields, as the service that owns it describes it. All fields of a row are under the same key. */
export interface SealedTable {
  readonly table: PgTable;
  /** The primary key, a text. */
  readonly id: PgColumn;
  readonly workspaceId: PgColumn;
  /** What stands for the row in the bindings: its id, or a name that is known before the row exists. */
  readonly boundTo: PgColumn;
  /** The version of the key that the fields are under; `NULL` where nothing is sealed yet. Indexed. */
  readonly keyVersion: PgColumn;
  readonly fields: readonly SealedField[];
}

interface SealedField {
  readonly column: PgColumn;
  readonly bindingOf: (workspaceId: string, boundTo: string) => SecretBinding;
}

/** What one call of {@link rewrapSecrets} did, in rows. */
export interface RewrapReport {
  /** The versions of keys that were looked for, and the version that everything is to be under. */
  readonly from: readonly number[];
  readonly to: number;
  readonly done: number;
  /** Rows that do not open; they are as they were, and among those left. */
  readonly failed: number;
  /** What is left under other keys, by their versions, known or not. */
  readonly left: Readonly<Record<string, number>>;
}

/** Rows read and written in one go; a secret is up to 22 KB of text, sent twice. */
const ROWS_AT_ONCE = 100;
/** Rows re-wrapped, and milliseconds used, in one call: the next one comes in a minute. */
const ROWS_PER_CALL = 2_000;
const CALL_MS = 10_000;

/**
 * Re-wraps secrets that are not under the newest key, a bounded number of them, and tells how many are left; `null` where
 * there were none. It goes on from wherever an earlier call ended or died, since what is left is what the rows say. Any
 * number of Workers may do it at once, and beside writers: a row changes only from the very text that was re-wrapped.
 *
 * A row that does not open (no such key, another's text, a broken one) is logged by its id, left alone, and holds up no
 * other. While a deployment spreads, Workers of before still seal under the key that was the newest, and re-wrap to it if they
 * know the new one: a later call takes those rows.
 */
export async function rewrapSecrets(ctx: Context, tables: readonly SealedTable[]): Promise<RewrapReport | null> {
  const { newest: to, others: from } = await keyVersions(ctx.env);
  const found = await countLeft(ctx, tables, to);
  if (Object.keys(found).length === 0) return null;
  const call: Call = { from, to, until: ctx.clock.now() + CALL_MS, done: 0, failed: 0 };
  // Rows under keys that are not configured are counted, but not looked at: there is nothing to open them with.
  if (from.some((version) => version in found)) {
    for (const table of tables) await rewrapTable(ctx, table, call);
  }
  const { done, failed } = call;
  return { from, to, done, failed, left: await countLeft(ctx, tables, to) };
}

/** One call's bounds, and how far it is. */
interface Call {
  readonly from: readonly number[];
  readonly to: number;
  /** When it ends, in milliseconds. */
  readonly until: number;
  done: number;
  failed: number;
}

async function countLeft(ctx: Context, tables: readonly SealedTable[], newest: number): Promise<Record<string, number>> {
  const counts = tables.map(
    ({ table, keyVersion }) => sql`
      SELECT ${keyVersion} AS key_version, count(*)::integer AS secrets FROM ${table}
      WHERE ${keyVersion} < ${newest} OR ${keyVersion} > ${newest} GROUP BY 1`,
  );
  const { rows } = await ctx.db.execute(sql.join(counts, sql` UNION ALL `));
  const left: Record<string, number> = {};
  for (const { key_version, secrets } of countsSchema.parse(rows)) left[key_version] = (left[key_version] ?? 0) + secrets;
  return left;
}

const countsSchema = z.array(z.object({ key_version: z.int(), secrets: z.int() }));

async function rewrapTable(ctx: Context, table: SealedTable, call: Call): Promise<void> {
  let after = "";
  while (call.done < ROWS_PER_CALL && ctx.clock.now() < call.until) {
    const rows = await readRows(ctx, table, call, after);
    const last = rows.at(-1);
    if (last === undefined) return;
    const outcomes = await Promise.all(rows.map((row) => rewrapRow(ctx, table, row)));
    const fresh = outcomes.filter((outcome) => "sealed" in outcome);
    const faults = outcomes.filter((outcome) => "fault" in outcome);
    call.done += fresh.length === 0 ? 0 : await writeRows(ctx, table, call, fresh);
    call.failed += faults.length;
    if (faults.length > 0) ctx.log.warn("sealed fields do not open", { table: getTableName(table.table), rows: faults });
    after = last.id;
  }
}

const rowsSchema = z.array(
  z.object({
    id: z.string(),
    workspace_id: z.string(),
    bound_to: z.string(),
    key_version: z.int(),
    sealed: z.array(z.string().nullable()),
  }),
);
type SealedRow = z.infer<typeof rowsSchema>[number];

/** The next rows under other keys, by their ids. */
async function readRows(ctx: Context, from: SealedTable, call: Call, after: string): Promise<SealedRow[]> {
  const { table, id, workspaceId, boundTo, keyVersion } = from;
  const limit = Math.min(ROWS_AT_ONCE, ROWS_PER_CALL - call.done);
  const { rows } = await ctx.db.execute(sql`
    SELECT ${id} AS id, ${workspaceId} AS workspace_id, ${boundTo} AS bound_to, ${keyVersion} AS key_version, ${sealedOf(from)} AS sealed
    FROM ${table} WHERE ${and(inArray(keyVersion, [...call.from]), gt(id, after))} ORDER BY ${id} LIMIT ${limit}`);
  return rowsSchema.parse(rows);
}

/** The fields of a row as one JSON array of texts. */
const sealedOf = ({ fields }: SealedTable) =>
  sql`jsonb_build_array(${sql.join(
    fields.map(({ column }) => column),
    sql`, `,
  )})`;

/** A row as it was read, and its fields as they are to be. */
type Rewrapped = SealedRow & { readonly fresh: readonly (string | null)[] };
type Fault = { readonly id: string; readonly fault: string };

async function rewrapRow(ctx: Context, { fields }: SealedTable, row: SealedRow): Promise<Rewrapped | Fault> {
  const rewrapped = fields.map(async ({ bindingOf }, index) => {
    const sealed = row.sealed[index] ?? null;
    return sealed === null ? null : (await rewrapSecret(ctx.env, sealed, bindingOf(row.workspace_id, row.bound_to))).sealed;
  });
  try {
    return { ...row, fresh: await Promise.all(rewrapped) };
  } catch (error) {
    return { id: row.id, fault: errorMessage(error) };
  }
}

/**
 * Writes rows that nobody has changed since they were read, and tells how many those were. A row that somebody else holds is
 * left for the next call: so it waits for nobody, and nobody's transaction can come to a deadlock with it.
 */
async function writeRows(ctx: Context, to: SealedTable, call: Call, rows: readonly Rewrapped[]): Promise<number> {
  const { table, id, keyVersion, fields } = to;
  const changes = rows.map((row) => ({ id: row.id, key_version: row.key_version, sealed: row.sealed, fresh: row.fresh }));
  const values = fields.map(({ column }, index) => sql`${sql.identifier(column.name)} = held.fresh ->> ${sql.raw(String(index))}`);
  const { rowCount } = await ctx.db.execute(sql`
    UPDATE ${table} SET ${sql.join(values, sql`, `)}, ${sql.identifier(keyVersion.name)} = ${call.to}
    FROM (
      SELECT ${id} AS id, change.fresh FROM ${table}
      JOIN jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) AS change(id text, key_version integer, sealed jsonb, fresh jsonb)
        ON ${id} = change.id AND ${keyVersion} = change.key_version AND ${sealedOf(to)} = change.sealed
      FOR UPDATE OF ${table} SKIP LOCKED
    ) AS held
    WHERE ${id} = held.id`);
  return rowCount ?? 0;
}
