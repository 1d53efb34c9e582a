import { randomBytes } from "node:crypto";
import pg from "pg";

/** A project's administrator and first database, as they are really called on the server where all projects live. */
export interface ProjectDatabase {
  readonly role: string;
  readonly database: string;
  readonly password: string;
}

export function projectDatabase(projectId: string, names: { readonly role: string; readonly database: string }): ProjectDatabase {
  const suffix = projectId.replaceAll("-", "_");
  return { role: `${names.role}_${suffix}`, database: `${names.database}_${suffix}`, password: `npg_${randomBytes(12).toString("hex")}` };
}

async function withClient<T>(adminUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Makes both. The role is what Neon's is: no superuser, but one who may make roles and databases. */
export function createProjectDatabase(adminUrl: string, { role, database, password }: ProjectDatabase): Promise<void> {
  return withClient(adminUrl, async (client) => {
    const owner = pg.escapeIdentifier(role);
    await client.query(`CREATE ROLE ${owner} LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD ${pg.escapeLiteral(password)}`);
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} OWNER ${owner}`);
  });
}

/** The role itself and those that it made, which it administers (PostgreSQL 16 and later). */
const ROLES = `
  SELECT rolname AS name FROM pg_roles WHERE rolname = $1
  UNION
  SELECT made.rolname FROM pg_auth_members
    JOIN pg_roles made ON made.oid = roleid
    JOIN pg_roles maker ON maker.oid = member
    WHERE maker.rolname = $1 AND admin_option`;

/** Deletes everything that was ever made in the project; what was never made is no error. */
export function dropProjectDatabase(adminUrl: string, { role }: ProjectDatabase): Promise<void> {
  return withClient(adminUrl, async (client) => {
    const roles = (await client.query<{ name: string }>(ROLES, [role])).rows.map(({ name }) => name);
    const owned = "SELECT datname AS name FROM pg_database WHERE pg_get_userbyid(datdba) = ANY($1)";
    const databases = (await client.query<{ name: string }>(owned, [roles])).rows;
    for (const { name } of databases) await client.query(`DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`);
    if (roles.length > 0) await client.query(`DROP ROLE ${roles.map(pg.escapeIdentifier).join(", ")}`);
  });
}
