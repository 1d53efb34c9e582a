import { type Connection, createConnection } from "mariadb";

/** What the holder of a password may do in its database (https://planetscale.com/docs/concepts/password-roles). */
export const PASSWORD_PRIVILEGES = {
  reader: "SELECT",
  writer: "INSERT, UPDATE, DELETE",
  readwriter: "SELECT, INSERT, UPDATE, DELETE",
  admin: "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW",
} as const;

export type PasswordRole = keyof typeof PASSWORD_PRIVILEGES;

/** The MySQL server where all databases of the organization live. */
export interface MysqlBranches {
  createDatabase(name: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  createUser(database: string, user: { readonly name: string; readonly password: string; readonly role: PasswordRole }): Promise<void>;
  /** Also ends the user's sessions. */
  dropUser(name: string): Promise<void>;
}

const quoteName = (name: string) => `\`${name.replaceAll("`", "``")}\``;
/** In a grant, a database's name is a pattern. */
const quotePattern = (name: string) => quoteName(name.replaceAll("_", "\\_").replaceAll("%", "\\%"));

export function createMysqlBranches(adminUrl: string): MysqlBranches {
  async function withConnection(work: (connection: Connection) => Promise<void>): Promise<void> {
    const { hostname, port, username, password } = new URL(adminUrl);
    const connection = await createConnection({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
    });
    try {
      await work(connection);
    } finally {
      await connection.end();
    }
  }

  return {
    createDatabase: (name) =>
      withConnection(async (connection) => {
        await connection.query(`CREATE DATABASE IF NOT EXISTS ${quoteName(name)} CHARACTER SET utf8mb4`);
      }),
    dropDatabase: (name) =>
      withConnection(async (connection) => {
        await connection.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
      }),
    createUser: (database, { name, password, role }) =>
      withConnection(async (connection) => {
        await connection.query("CREATE USER ?@'%' IDENTIFIED BY ?", [name, password]);
        await connection.query(`GRANT ${PASSWORD_PRIVILEGES[role]} ON ${quotePattern(database)}.* TO ?@'%'`, [name]);
      }),
    dropUser: (name) =>
      withConnection(async (connection) => {
        await connection.query("DROP USER IF EXISTS ?@'%'", [name]);
        const sessions = await connection.query<{ id: bigint }[]>("SELECT id FROM information_schema.processlist WHERE user = ?", [name]);
        for (const { id } of sessions) await connection.query(`KILL SOFT CONNECTION ${id}`).catch(ignoreEnded);
      }),
  };
}

/** A session may end by itself before it is ended. */
function ignoreEnded(error: unknown): void {
  const NO_SUCH_THREAD = 1094;
  if (!(error instanceof Error && "errno" in error && error.errno === NO_SUCH_THREAD)) throw error;
}
