import { type Driver, plain, type Query } from "../engines/driver.ts";
import { postgresRefusal } from "../engines/postgres/failures.ts";
import { quoteIdentifier, quoteLiteral } from "../engines/postgres/quoting.ts";
import type { DatabaseRole, DatabaseTarget, Entry, EntryDraft, ProviderStatus } from "./provider.ts";

/** Connections that each role may hold at once. The runtime role has twice what the pool uses: two may overlap for a moment. */
const CONNECTION_LIMITS: Readonly<Record<DatabaseRole, number>> = { owner: 4, runtime: 16 };

/** What every session of a role begins with. The times stop what would hold others up; the formats are what the decoder reads. */
const SESSION_SETTINGS: Readonly<Record<DatabaseRole, Readonly<Record<string, string>>>> = {
  owner: { timezone: "UTC", datestyle: "ISO", statement_timeout: "60s", lock_timeout: "5s", idle_in_transaction_session_timeout: "60s" },
  runtime: { timezone: "UTC", datestyle: "ISO", statement_timeout: "10s", lock_timeout: "5s", idle_in_transaction_session_timeout: "15s" },
};

const ownerOf = ({ name }: DatabaseTarget) => `${name}_owner`;

/** Two names in turn, so that the entries of two generations can be valid at once. */
const runtimeOf = ({ name }: DatabaseTarget, generation: number) => `${name}_runtime${generation % 2 === 1 ? "" : "_b"}`;

const roleOf = (target: DatabaseTarget, role: DatabaseRole, generation: number) =>
  role === "owner" ? ownerOf(target) : runtimeOf(target, generation);

/** Held to the end of the transaction, so that two provisionings of one database take turns. */
const turn = (database: string) => `SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(database)}, 0))`;

/**
 * Roles can do nothing by themselves: what they may is granted below. They can read the names of the server's databases and
 * roles, which PostgreSQL shows to everybody; names are workspace ids, and nothing else of them is readable. The administrator
 * is a member of both, since one that is no superuser may give away only what it is a member of.
 */
function roleStatements(name: string, role: DatabaseRole): string[] {
  // The owner inherits one thing: what a database's owner may do with its schema public.
  const inherit = role === "owner" ? "INHERIT" : "NOINHERIT";
  const create = `CREATE ROLE ${quoteIdentifier(name)} NOLOGIN ${inherit} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`;
  const unlessExists = `BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(name)}) THEN ${create}; END IF; END`;
  return [
    `DO ${quoteLiteral(unlessExists)}`,
    ...Object.entries(SESSION_SETTINGS[role]).map(
      ([setting, value]) => `ALTER ROLE ${quoteIdentifier(name)} SET ${setting} = ${quoteLiteral(value)}`,
    ),
    `GRANT ${quoteIdentifier(name)} TO CURRENT_USER`,
  ];
}

/** Rows of whatever tables the owner made and makes, and nothing else; what migrations record of themselves stays theirs. */
function runtimePrivileges(target: DatabaseTarget, runtime: string): string[] {
  const name = quoteIdentifier(runtime);
  const owner = quoteIdentifier(ownerOf(target));
  const rows = "SELECT, INSERT, UPDATE, DELETE";
  return [
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(target.name)} TO ${name}`,
    `GRANT USAGE ON SCHEMA public TO ${name}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public GRANT ${rows} ON TABLES TO ${name}`,
    `GRANT ${rows} ON ALL TABLES IN SCHEMA public TO ${name}`,
  ];
}

/** The administrator's address of the workspace's own database. */
function inside(adminUrl: string, { name }: DatabaseTarget): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Databases and their roles on a PostgreSQL server (15 or later) whose administrator may make them; it need not be a superuser. */
export interface PostgresRoles {
  create(adminUrl: string, target: DatabaseTarget): Promise<void>;
  status(adminUrl: string, target: DatabaseTarget): Promise<ProviderStatus>;
  issue(adminUrl: string, target: DatabaseTarget, role: DatabaseRole, draft: EntryDraft): Promise<Entry>;
  revokeOthers(adminUrl: string, target: DatabaseTarget, role: DatabaseRole, generation: number): Promise<void>;
  suspend(adminUrl: string, target: DatabaseTarget): Promise<void>;
  resume(adminUrl: string, target: DatabaseTarget): Promise<void>;
  destroy(adminUrl: string, target: DatabaseTarget): Promise<void>;
}

export function createPostgresRoles(driver: Driver): PostgresRoles {
  /** Statements in one transaction, one provisioning of a database at a time. */
  const run = (address: string, target: DatabaseTarget, texts: readonly string[]) =>
    driver.transaction(address, async (query) => {
      for (const text of [turn(target.name), ...texts]) await query(plain(text));
    });

  const names = async (query: Query, text: string) => (await query(plain(text))).rows.map(([name]) => name ?? "");

  /** The runtime roles that exist; there are two while credentials are changed. */
  const runtimeRoles = (query: Query, target: DatabaseTarget) => {
    const candidates = [runtimeOf(target, 1), runtimeOf(target, 2)].map(quoteLiteral).join(", ");
    return names(query, `SELECT rolname FROM pg_roles WHERE rolname IN (${candidates}) ORDER BY 1`);
  };

  const terminate = (role: string) => `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ${quoteLiteral(role)}`;

  const setLogin = (adminUrl: string, target: DatabaseTarget, login: "LOGIN" | "NOLOGIN") =>
    driver.transaction(adminUrl, async (query) => {
      await query(plain(turn(target.name)));
      for (const role of await runtimeRoles(query, target)) {
        await query(plain(`ALTER ROLE ${quoteIdentifier(role)} ${login}`));
        if (login === "NOLOGIN") await query(plain(terminate(role)));
      }
    });

  return {
    async create(adminUrl, target) {
      const owner = quoteIdentifier(ownerOf(target));
      await run(adminUrl, target, roleStatements(ownerOf(target), "owner"));
      // The C collation orders texts by their code points: alike on every server, and like MySQL's.
      const form = `TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'`;
      try {
        await driver.command(adminUrl, `CREATE DATABASE ${quoteIdentifier(target.name)} OWNER ${owner} ${form}`);
      } catch (error) {
        // Also when somebody else made it at this very moment: then the server finds its name taken as a key.
        if (!["exists", "unique"].includes(postgresRefusal(error)?.objection ?? "")) throw error;
      }
      await run(inside(adminUrl, target), target, [
        `REVOKE ALL ON DATABASE ${quoteIdentifier(target.name)} FROM PUBLIC`,
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
      ]);
    },

    async status(adminUrl, target) {
      const database = quoteLiteral(target.name);
      const logins = `SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname IN (${[1, 2].map((n) => quoteLiteral(runtimeOf(target, n))).join(", ")})`;
      const { rows } = await driver.run(adminUrl, plain(`SELECT count(*), (${logins}) FROM pg_database WHERE datname = ${database}`));
      const [databases, open] = rows[0] ?? [];
      if (databases !== "1") return "absent";
      return open === "0" ? "suspended" : "ready";
    },

    async issue(adminUrl, target, role, { generation, password }) {
      const username = roleOf(target, role, generation);
      await run(inside(adminUrl, target), target, [
        ...roleStatements(username, role),
        ...(role === "runtime" ? runtimePrivileges(target, username) : []),
        `ALTER ROLE ${quoteIdentifier(username)} LOGIN CONNECTION LIMIT ${CONNECTION_LIMITS[role]} PASSWORD ${quoteLiteral(password)}`,
      ]);
      return { username, password, host: null };
    },

    async revokeOthers(adminUrl, target, role, generation) {
      await driver.transaction(inside(adminUrl, target), async (query) => {
        await query(plain(turn(target.name)));
        // The owner's entries share one role, whose password has changed: what is left of older ones are their sessions.
        if (role === "owner") return void (await query(plain(terminate(ownerOf(target)))));
        for (const other of await runtimeRoles(query, target)) {
          if (other === runtimeOf(target, generation)) continue;
          for (const text of [`ALTER ROLE ${quoteIdentifier(other)} NOLOGIN`, terminate(other)]) await query(plain(text));
          for (const text of ["DROP OWNED BY", "DROP ROLE"]) await query(plain(`${text} ${quoteIdentifier(other)}`));
        }
      });
    },

    suspend: (adminUrl, target) => setLogin(adminUrl, target, "NOLOGIN"),
    resume: (adminUrl, target) => setLogin(adminUrl, target, "LOGIN"),

    async destroy(adminUrl, target) {
      await driver.command(adminUrl, `DROP DATABASE IF EXISTS ${quoteIdentifier(target.name)} WITH (FORCE)`);
      await run(
        adminUrl,
        target,
        [runtimeOf(target, 1), runtimeOf(target, 2), ownerOf(target)].map((role) => `DROP ROLE IF EXISTS ${quoteIdentifier(role)}`),
      );
    },
  };
}
