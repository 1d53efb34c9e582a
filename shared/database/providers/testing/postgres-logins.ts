import pg from "pg";
import type { PostgresRoles } from "../neon-provider.ts";

const name = pg.escapeIdentifier;
const text = pg.escapeLiteral;

async function sql<T extends pg.QueryResultRow>(url: string, statement: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(statement)).rows;
  } finally {
    await client.end();
  }
}

const exists = async (url: string, table: string, column: string, value: string) =>
  (await sql(url, `SELECT FROM ${table} WHERE ${column} = ${text(value)}`)).length > 0;

const inDatabase = (adminUrl: string, database: string) => Object.assign(new URL(adminUrl), { pathname: `/${database}` }).href;

async function logins(adminUrl: string, group: string): Promise<{ login: string; can: boolean }[]> {
  return sql(adminUrl, `SELECT rolname AS login, rolcanlogin AS can FROM pg_roles WHERE rolname ~ ${text(`^${group}_\\d+$`)} ORDER BY 1`);
}

/** The least that a database and its roles need: a group each for owner and runtime, and a login a generation in it. */
export const postgresLogins: PostgresRoles = {
  async create(adminUrl, target) {
    for (const role of ["owner", "runtime"]) {
      const group = `${target.name}_${role}`;
      if (!(await exists(adminUrl, "pg_roles", "rolname", group))) await sql(adminUrl, `CREATE ROLE ${name(group)} NOLOGIN`);
    }
    const [owner, runtime] = [name(`${target.name}_owner`), name(`${target.name}_runtime`)];
    await sql(adminUrl, `GRANT ${owner} TO CURRENT_USER`);
    if (!(await exists(adminUrl, "pg_database", "datname", target.name))) {
      await sql(adminUrl, `CREATE DATABASE ${name(target.name)} OWNER ${owner}`);
    }
    const inside = inDatabase(adminUrl, target.name);
    await sql(
      inside,
      `SET ROLE ${owner}; GRANT USAGE ON SCHEMA public TO ${runtime};
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${runtime}`,
    );
  },
  async isSuspended(adminUrl, target) {
    const found = await logins(adminUrl, `${target.name}_runtime`);
    return found.length > 0 && found.every(({ can }) => !can);
  },
  async issue(adminUrl, target, role, { generation, password }) {
    const group = `${target.name}_${role}`;
    const login = `${group}_${generation}`;
    if (!(await exists(adminUrl, "pg_roles", "rolname", login))) await sql(adminUrl, `CREATE ROLE ${name(login)} IN ROLE ${name(group)}`);
    await sql(adminUrl, `ALTER ROLE ${name(login)} LOGIN PASSWORD ${text(password)}; ALTER ROLE ${name(login)} SET role = ${text(group)}`);
    return { username: login, password, host: null };
  },
  async revokeOthers(adminUrl, target, role, generation) {
    const group = `${target.name}_${role}`;
    for (const { login } of await logins(adminUrl, group)) {
      if (login !== `${group}_${generation}`) await sql(adminUrl, `DROP ROLE ${name(login)}`);
    }
  },
  async suspend(adminUrl, target) {
    for (const { login } of await logins(adminUrl, `${target.name}_runtime`)) await sql(adminUrl, `ALTER ROLE ${name(login)} NOLOGIN`);
  },
  async resume(adminUrl, target) {
    for (const { login } of await logins(adminUrl, `${target.name}_runtime`)) await sql(adminUrl, `ALTER ROLE ${name(login)} LOGIN`);
  },
};

/** Rows of a statement, on a connection of its own. Rejects when the entry is refused. */
export const queryPostgres = sql;
