import type { Env } from "#platform/env";
import type { OperationWriter } from "../operations/build.ts";
import type { EngineName } from "../providers/provider.ts";
import type { Table, TableSelection } from "../tables/table.ts";
import type { Catalog } from "./catalog.ts";
import { type Driver, plain, type Query, type SqlStatement } from "./driver.ts";
import type { ServerRefusal } from "./failures.ts";
import type { Migrator } from "./migrator.ts";
import { readCatalog as readMysqlCatalog } from "./mysql/catalog.ts";
import { mysqlRefusal } from "./mysql/failures.ts";
import { createMysqlMigrator } from "./mysql/migrator.ts";
import { mysqlOperations } from "./mysql/operations.ts";
import { createPlanetscaleDriver } from "./mysql/planetscale-driver.ts";
import { mysqlReplacement } from "./mysql/replacement.ts";
import { createMysqlSchemaDialect } from "./mysql/schema-dialect.ts";
import { readMysqlTables } from "./mysql/tables.ts";
import { readCatalog as readPostgresCatalog } from "./postgres/catalog.ts";
import { postgresRefusal } from "./postgres/failures.ts";
import { createPostgresMigrator } from "./postgres/migrator.ts";
import { createNeonDriver } from "./postgres/neon-driver.ts";
import { postgresOperations } from "./postgres/operations.ts";
import { postgresReplacement } from "./postgres/replacement.ts";
import { postgresSchemaDialect } from "./postgres/schema-dialect.ts";
import { readPostgresTables } from "./postgres/tables.ts";
import type { Replacement } from "./replacement.ts";
import type { SchemaDialect } from "./schema-dialect.ts";

/** A database's tables, and how changes of them are spelled. */
export interface Introspection {
  readonly catalog: Catalog;
  readonly dialect: SchemaDialect;
}

/** One kind of server: how it is reached, what it is asked, and what its refusals mean. */
export interface Engine {
  readonly name: EngineName;
  readonly driver: Driver;
  readonly operations: OperationWriter;
  /** Gives the bytes that the tables of the database take up, indexes included. */
  readonly storage: SqlStatement;
  readonly migrator: Migrator;
  /** The tables that the role may read and members may see, or the one of that name. */
  readTables(query: Query, selection: TableSelection): Promise<Table[]>;
  readonly replacement: Replacement;
  introspect(query: Query): Promise<Introspection>;
  /** The server's refusal inside an error, or `undefined` when it was not the server that failed. */
  refusal(error: unknown): ServerRefusal | undefined;
}

export type Engines = Readonly<Record<EngineName, Engine>>;

const POSTGRES_STORAGE = plain(`
SELECT COALESCE(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'`);

/** As of the server's last statistics. */
const MYSQL_STORAGE = plain(`
SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) AS bytes
FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`);

/** Both engines as a deployment reaches them. */
export function createEngines(env: Pick<Env, "SQL_GATEWAY_ORIGIN">): Engines {
  const [neon, planetscale] = [createNeonDriver(env), createPlanetscaleDriver(env)];
  return {
    postgres: {
      name: "postgres",
      driver: neon,
      operations: postgresOperations,
      migrator: createPostgresMigrator(neon),
      storage: POSTGRES_STORAGE,
      readTables: readPostgresTables,
      replacement: postgresReplacement,
      introspect: async (query) => ({ catalog: await readPostgresCatalog(query), dialect: postgresSchemaDialect }),
      refusal: postgresRefusal,
    },
    mysql: {
      name: "mysql",
      driver: planetscale,
      operations: mysqlOperations,
      migrator: createMysqlMigrator(planetscale),
      storage: MYSQL_STORAGE,
      readTables: readMysqlTables,
      replacement: mysqlReplacement,
      introspect: async (query) => {
        const { catalog, collation } = await readMysqlCatalog(query);
        return { catalog, dialect: createMysqlSchemaDialect(collation) };
      },
      refusal: mysqlRefusal,
    },
  };
}
