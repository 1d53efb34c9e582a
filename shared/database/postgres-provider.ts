import type { Driver } from "./driver.ts";
import { serverRefusal } from "./failures.ts";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import { type DatabaseRole, type DatabaseTarget, type Provider, roleName } from "./provider.ts";

/** Connections that each role may hold at once. The runtime role has twice what the pool uses: two may overlap for a moment. */
const CONNECTION_LIMITS: Readonly<Record<DatabaseRole, number>> = { owner: 4, runtime: 16 };

/** What every session of a role begins with. The times stop what would hold others up; the formats are what the decoder reads. */
const SESSION_SETTINGS: Readonly<Record<DatabaseRole, Readonly<Record<string, string>>>> = {
  owner: { timezone: "UTC", datestyle: "ISO", statement_timeout: "60s", lock_timeout: "5s", idle_in_transaction_session_timeout: "60s" },
  runtime: { timezone: "UTC", datestyle: "ISO", statement_timeout: "10s", lock_timeout: "5s", idle_in_transaction_session_timeout: "15s" },
};

/** SQLSTATEs of a thing that exists already, also when somebody else made it at this very moment. */
const EXISTS = new Set(["42P04", "23505"]);

/** Held to the end of the transaction, so that two provisionings of one database take turns. */
const turn = (database: string) => `SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(database)}, 0))`;

/**
 * Roles can do nothing by themselves: what they may is granted below. They can read the names of the server's databases and
 * roles, which PostgreSQL shows to everybody; names are workspace ids, and nothing else of them is readable.
 */
function roleStatements(database: string, role: DatabaseRole, password: string): string[] {
  const literal = quoteLiteral(roleName(database, role));
  const name = quoteIdentifier(roleName(database, role));
  // The owner inherits one thing: what a database's owner may do with its schema public.
  const inherit = role === "owner" ? "INHERIT" : "NOINHERIT";
  const create = `CREATE ROLE ${name} LOGIN ${inherit} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`;
  return [
    `DO ${quoteLiteral(`BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal}) THEN ${create}; END IF; END`)}`,
    `ALTER ROLE ${name} LOGIN CONNECTION LIMIT ${CONNECTION_LIMITS[role]} PASSWORD ${quoteLiteral(password)}`,
    ...Object.entries(SESSION_SETTINGS[role]).map(([setting, value]) => `ALTER ROLE ${name} SET ${setting} = ${quoteLiteral(value)}`),
  ];
}

/** Nobody connects but the two roles, and the runtime role reads and changes rows of whatever tables the owner makes. */
function privilegeStatements(database: string): string[] {
  const runtime = quoteIdentifier(roleName(database, "runtime"));
  return [
    `REVOKE ALL ON DATABASE ${quoteIdentifier(database)} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${runtime}`,
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    `GRANT USAGE ON SCHEMA public TO ${runtime}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${runtime}`,
  ];
}

async function createDatabase(driver: Driver, adminUrl: string, database: string): Promise<void> {
  const owner = quoteIdentifier(roleName(database, "owner"));
  try {
    await driver.command(adminUrl, `CREATE DATABASE ${quoteIdentifier(database)} OWNER ${owner} TEMPLATE template0`);
  } catch (error) {
    if (!EXISTS.has(serverRefusal(error)?.code ?? "")) throw error;
  }
}

/** Any PostgreSQL server (15 or later) with an admin address whose role may make roles and databases; it need not be a superuser. */
export function createPostgresProvider(adminUrl: string, driver: Driver): Provider {
  const address = (database: string, role: DatabaseRole, password: string): string => {
    const url = new URL(adminUrl);
    url.username = roleName(database, role);
    url.password = password;
    url.pathname = `/${database}`;
    return url.href;
  };

  return {
    address,
    async provision({ name, passwords }: DatabaseTarget): Promise<void> {
      await driver.batch(adminUrl, [
        turn(name),
        ...roleStatements(name, "owner", passwords.owner),
        ...roleStatements(name, "runtime", passwords.runtime),
        // An admin that is no superuser may give a database only to a role that it is a member of.
        `GRANT ${quoteIdentifier(roleName(name, "owner"))} TO CURRENT_USER`,
      ]);
      await createDatabase(driver, adminUrl, name);
      await driver.batch(address(name, "owner", passwords.owner), [turn(name), ...privilegeStatements(name)]);
    },
  };
}
