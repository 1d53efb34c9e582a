import { z } from "zod";
import type { Catalog } from "../../shared/database/engines/catalog.ts";
import { decodeRows } from "../../shared/database/engines/decode.ts";
import { type Driver, plain } from "../../shared/database/engines/driver.ts";
import { createMysqlMigrator } from "../../shared/database/engines/mysql/migrator.ts";
import { createPostgresMigrator } from "../../shared/database/engines/postgres/migrator.ts";
import type { SchemaDialect } from "../../shared/database/engines/schema-dialect.ts";
import type { Claim } from "../../shared/database/migrations/claims.ts";
import { changeSchema, type OwnedDatabase } from "../../shared/database/migrations/migrate.ts";
import { buildProgram } from "../../shared/database/operations/build.ts";
import { dbOperationSchema } from "../../shared/database/operations/operation.ts";
import type { EngineName } from "../../shared/database/providers/provider.ts";
import { ensureDatabase } from "../../shared/database/provisioning/provision.ts";
import { type DbColumn, type DbSchema, findTable } from "../../shared/database/schema/db-schema.ts";
import { uuidv7 } from "../../shared/platform/ids.ts";
import type { SchemaPlan, SchemaRequest } from "../../shared/platform/objects/database-pool.ts";
import type { World } from "./world.ts";

const APP = "app_1";
const EMPTY: DbSchema = { tables: [] };

type Row = Record<string, unknown>;

/** One database whose schema is changed. */
export interface SchemaWorld {
  readonly database: OwnedDatabase;
  /** The same database, reached in another way. */
  through(driver: Driver): SchemaWorld;
  /** Brings it from one declared schema to another. With `confirm`, whatever is lost. */
  change(before: DbSchema, after: DbSchema, options?: Partial<Omit<SchemaRequest, "schema">> & { others?: Claim[] }): Promise<SchemaPlan>;
  plan(before: DbSchema, after: DbSchema): Promise<SchemaPlan>;
  /** What is there, and how the server spells what is wanted. */
  look(): Promise<{ readonly catalog: Catalog; readonly dialect: SchemaDialect }>;
  insert(schema: DbSchema, table: string, rows: readonly Row[]): Promise<void>;
  /** The rows of a table by their ids, as a db node would see them. */
  rows(table: string, columns: readonly DbColumn[]): Promise<ReadonlyMap<string, Row>>;
  run(text: string): Promise<Row[]>;
  quote(name: string): string;
  newId(): string;
}

/** A database of its own at one of the engines, entered as its owner. */
export async function createSchemaWorld(world: World, engineName: EngineName, workspaceId: string): Promise<SchemaWorld> {
  await world.addWorkspace(workspaceId);
  await ensureDatabase(world.ctx, workspaceId, engineName);
  return openSchemaWorld(world, { engine: world.engines[engineName], address: await world.addressOf(workspaceId, "owner") });
}

function openSchemaWorld(world: World, database: OwnedDatabase): SchemaWorld {
  const { engine, address } = database;
  const { quote } = engine.operations.dialect;
  const claimsOf = (schema: DbSchema, others: readonly Claim[] = []) => [{ appId: APP, name: "mine", schema }, ...others];

  const newId = () => uuidv7(world.ctx.clock.now(), world.ctx.random);
  const run = async (text: string) => decodeRows(await engine.driver.run(address, plain(text)));
  return {
    database,
    quote,
    run,
    newId,
    through(driver) {
      const migrator = engine.name === "mysql" ? createMysqlMigrator(driver) : createPostgresMigrator(driver);
      return openSchemaWorld(world, { engine: { ...engine, migrator }, address });
    },
    change: (before, after, { others, ...options } = {}) =>
      changeSchema(world.ctx, database, {
        request: { appId: APP, schema: after, undeclared: "drop", ...options },
        claims: claimsOf(before, others),
        mode: "apply",
      }),
    plan: (before, after) =>
      changeSchema(world.ctx, database, {
        request: { appId: APP, schema: after, undeclared: "drop" },
        claims: claimsOf(before),
        mode: "plan",
      }),
    async look() {
      const seen: { catalog: Catalog; dialect: SchemaDialect }[] = [];
      await engine.migrator.change(world.ctx, address, async (catalog, dialect) => {
        seen.push({ catalog, dialect });
        return null;
      });
      const [look] = seen;
      if (!look) throw new Error("nothing was looked at");
      return look;
    },
    async insert(schema, table, rows) {
      if (rows.length === 0) return;
      const operation = dbOperationSchema.parse({ operation: "insert", table, values: rows });
      const built = buildProgram(engine.operations, schema, operation, newId);
      if (!built.ok) throw new Error(JSON.stringify(built.faults));
      const { program } = built;
      // Without a transaction: nobody else is there.
      if (program.kind === "statement") await engine.driver.run(address, program.statement);
      else await program.run((statement) => engine.driver.run(address, statement));
    },
    async rows(table, columns) {
      const id = columns.find(({ type, references }) => type === "id" && references === undefined);
      const found = await run(`SELECT ${columns.map(({ name }) => quote(name)).join(", ")} FROM ${quote(table)}`);
      return new Map(found.map((row) => [z.string().parse(row[id?.name ?? ""]), row]));
    },
  };
}

/** Drops whatever a schema declared. */
export async function emptyDatabase(world: SchemaWorld, schema: DbSchema): Promise<void> {
  const { hash } = await world.plan(schema, EMPTY);
  await world.change(schema, EMPTY, { confirm: hash });
}

/** The name that a column of the schema before has in the one after, if it is there at all. */
export function successor(
  after: DbSchema,
  table: string,
  column: string,
): { readonly table: string; readonly column: DbColumn } | undefined {
  const found = after.tables.find((candidate) => candidate.renamed_from === table) ?? findTable(after, table);
  const same = found?.columns.find((candidate) => candidate.renamed_from === column) ?? found?.columns.find(({ name }) => name === column);
  return found && same && { table: found.name, column: same };
}
