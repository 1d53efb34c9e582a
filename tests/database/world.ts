import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { neon } from "@neondatabase/serverless";
import { type Context, createContext } from "#platform/context";
import type { BackupParams, Env, ProvisionParams, RestoreParams } from "#platform/env";
import { apps, users, workspaces } from "#platform/schema";
import { isMysqlAvailable, type MysqlServer } from "../../dev/mysql/server.ts";
import type { PostgresServer } from "../../dev/postgres/server.ts";
import { type SqlGateway, startSqlGateway } from "../../dev/sql-gateway/server.ts";
import { runBackup } from "../../shared/database/backups/run-backup.ts";
import { runRestore } from "../../shared/database/backups/run-restore.ts";
import { createEngines, type Engines } from "../../shared/database/engines/engine.ts";
import type { WorkspacePool } from "../../shared/database/pool/pool.ts";
import { createWorkspacePool } from "../../shared/database/pool/workspace-pool.ts";
import { createMysqlProvider } from "../../shared/database/providers/mysql-provider.ts";
import { createPostgresProvider } from "../../shared/database/providers/postgres-provider.ts";
import type { DatabaseRole, EngineName, Provider } from "../../shared/database/providers/provider.ts";
import { openEntry, readDatabaseRow, targetOf } from "../../shared/database/provisioning/credentials.ts";
import { makeDatabase } from "../../shared/database/provisioning/provision.ts";
import type { StepRunner } from "../../shared/database/workflow.ts";
import { startTestMysql, startTestPostgres } from "./prepared-servers.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/platform/", import.meta.url).href);

/** The engines that can be had here. */
export const ENGINES: readonly EngineName[] = isMysqlAvailable() ? ["postgres", "mysql"] : ["postgres"];

/** A platform with real servers, as far as the database service needs one, and pools as Cloudflare keeps them: one object a name. */
export interface World {
  readonly env: Env;
  readonly ctx: Context;
  readonly engines: Engines;
  readonly providers: Readonly<Record<EngineName, Provider>>;
  readonly adminUrls: Readonly<Record<EngineName, string>>;
  readonly pools: Map<string, WorkspacePool>;
  /** In the place of the workflow that makes databases, whose steps all run at once here. */
  workflow: ((workspaceId: string) => Promise<void>) | undefined;
  /** Runs the steps of other workflows, once each. */
  steps: StepRunner;
  addWorkspace(id: string): Promise<void>;
  /** An app that has tables in the workspace's database. */
  addApp(workspaceId: string, id: string): Promise<void>;
  /** The address of a role, opened as only the pool does in the product. */
  addressOf(workspaceId: string, role: DatabaseRole): Promise<string>;
  close(): Promise<void>;
}

async function applyMigrations(url: string): Promise<void> {
  const files = (await readdir(MIGRATIONS)).filter((file) => file.endsWith(".sql")).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(MIGRATIONS, file), "utf8")));
  const sql = neon(url);
  await sql.transaction(texts.flatMap((text) => text.split("--> statement-breakpoint")).map((statement) => sql.query(statement)));
}

/** A Worker's environment, of which the database service needs these bindings. */
const environment = (bindings: Partial<Record<keyof Env, unknown>>) => bindings as Env;

interface Servers {
  readonly directory: string;
  readonly postgres: PostgresServer;
  readonly mysql: MysqlServer | undefined;
  readonly gateway: SqlGateway;
}

async function startServers(): Promise<Servers> {
  const directory = await mkdtemp(join(tmpdir(), "workspace-database-"));
  const [postgres, mysql] = await Promise.all([startTestPostgres(directory), isMysqlAvailable() ? startTestMysql(directory) : undefined]);
  return { directory, postgres, mysql, gateway: await startSqlGateway({ port: 0, mysqlUrl: mysql?.adminUrl }) };
}

/** Each step once, at once. */
const ONCE: StepRunner = { do: (_, work) => work(), pause: async () => undefined };

/** Starts the servers and makes a platform database with one user, `usr_1`. `files` is the bucket, for what needs one. */
export async function createWorld(files?: R2Bucket): Promise<World> {
  const { directory, postgres, mysql, gateway } = await startServers();
  const pools = new Map<string, WorkspacePool>();
  const instances = new Set<string>();
  const env = environment({
    SQL_GATEWAY_ORIGIN: gateway.origin,
    DATABASE_URL: postgres.url("platform"),
    WORKSPACE_DATABASE_ADMIN_URL: postgres.adminUrl,
    MYSQL_URL: mysql?.adminUrl,
    ENVELOPE_KEYS: `1:${btoa("k".repeat(32))}`,
    FILES: files,
    BACK_UP_DATABASE: {
      create: ({ params: { workspaceId, backupId } }: { params: BackupParams }) => runBackup(ctx, workspaceId, backupId, world.steps),
    },
    RESTORE_DATABASE: {
      create: ({ params: { workspaceId, restoreId } }: { params: RestoreParams }) => runRestore(ctx, workspaceId, restoreId, world.steps),
    },
    PROVISION_DATABASE: {
      // One instance an id, to its end at once, each step as often as it takes.
      async create({ id, params }: { id: string; params: ProvisionParams }) {
        if (instances.has(id)) throw new Error("instance already exists");
        instances.add(id);
        // What fails has been written down by then, for whoever waits.
        await (world.workflow?.(params.workspaceId) ?? makeDatabase(ctx, params.workspaceId, ONCE)).catch(() => undefined);
      },
    },
    DATABASE_POOL: {
      getByName(name: string) {
        const pool = pools.get(name) ?? createWorkspacePool(env, () => undefined);
        pools.set(name, pool);
        return pool;
      },
    },
  });
  const engines = createEngines(env);
  const ctx = createContext(env, {
    actor: { type: "user", userId: "usr_1", email: "a@example.com", name: "A" },
    waitUntil: () => undefined,
  });
  await engines.postgres.driver.command(postgres.adminUrl, "CREATE DATABASE platform");
  await applyMigrations(env.DATABASE_URL);
  await ctx.db.insert(users).values({ id: "usr_1", name: "A", email: "a@example.com", emailVerified: false });
  const adminUrls = { postgres: postgres.adminUrl, mysql: mysql?.adminUrl ?? "mysql://none.invalid" };
  const providers = {
    postgres: createPostgresProvider(adminUrls.postgres, engines.postgres.driver),
    mysql: createMysqlProvider(adminUrls.mysql, engines.mysql.driver),
  };
  const world: World = {
    env,
    ctx,
    engines,
    providers,
    adminUrls,
    pools,
    workflow: undefined,
    steps: ONCE,
    async addWorkspace(id) {
      await ctx.db.insert(workspaces).values({ id, ownerUserId: "usr_1", name: id, slug: id.replaceAll("_", "-"), region: "weur" });
    },
    async addApp(workspaceId, id) {
      await ctx.db.insert(apps).values({ id, workspaceId, slug: id.replaceAll("_", "-"), name: id, draft: {} });
    },
    async addressOf(workspaceId, role) {
      const row = await readDatabaseRow(ctx, workspaceId);
      if (!row) throw new Error(`${workspaceId} has no database`);
      const provider = row.provider === "mysql" ? providers.mysql : providers.postgres;
      return provider.address(targetOf(row), await openEntry(ctx, row, role));
    },
    async close() {
      await gateway.close();
      await Promise.all([postgres.stop(), mysql?.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return world;
}
