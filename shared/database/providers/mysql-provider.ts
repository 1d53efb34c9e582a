import { type Driver, plain } from "../engines/driver.ts";
import { COLLATIONS } from "../engines/mysql/collation.ts";
import { quoteIdentifier, quoteLiteral } from "../engines/mysql/quoting.ts";
import type { DatabaseRole, DatabaseTarget, Provider } from "./provider.ts";

/** Connections that each account may hold at once; the runtime account has twice what the pool uses. */
const CONNECTION_LIMITS: Readonly<Record<DatabaseRole, number>> = { owner: 4, runtime: 16 };
/** Seconds of one statement; MariaDB keeps to it by itself, at MySQL the pool's own limit stands. */
const STATEMENT_SECONDS: Readonly<Record<DatabaseRole, number>> = { owner: 60, runtime: 10 };

const PRIVILEGES: Readonly<Record<DatabaseRole, string>> = {
  owner: "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES",
  runtime: "SELECT, INSERT, UPDATE, DELETE",
};

/** Names of accounts have at most 32 characters: the workspace's id without its prefix, the role, and for `runtime` two in turn. */
function accountOf({ name }: DatabaseTarget, role: DatabaseRole, generation: number): string {
  const id = name.slice(name.lastIndexOf("_") + 1);
  return role === "owner" ? `af_${id}_o` : `af_${id}_r${generation % 2 === 1 ? "a" : "b"}`;
}

const accountLiteral = (name: string) => `${quoteLiteral(name)}@'%'`;

/** In a grant, `_` and `%` in a database's name stand for anything: unmarked they would open other databases. */
const grantPattern = ({ name }: DatabaseTarget) => quoteIdentifier(name.replaceAll("_", "\\_"));

/** Any MySQL (8.0.16 or later) or MariaDB (10.11 or later) server with an admin address whose account may make accounts and databases. */
export function createMysqlProvider(adminUrl: string, driver: Driver): Provider {
  const command = (text: string) => driver.command(adminUrl, text);
  const values = async (text: string) => (await driver.run(adminUrl, plain(text))).rows.map(([value]) => value ?? "");

  const accounts = (target: DatabaseTarget) => [1, 2].map((generation) => accountOf(target, "runtime", generation));

  const existing = (names: readonly string[]) =>
    values(`SELECT DISTINCT User FROM mysql.user WHERE User IN (${names.map(quoteLiteral).join(", ")}) ORDER BY 1`);

  async function endSessions(account: string): Promise<void> {
    const sessions = await values(`SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ${quoteLiteral(account)}`);
    // A session that ended by itself meanwhile is not missed.
    await Promise.allSettled(sessions.map((id) => command(`KILL ${Number(id)}`)));
  }

  async function setLocked(target: DatabaseTarget, lock: "LOCK" | "UNLOCK"): Promise<void> {
    for (const account of await existing(accounts(target))) {
      await command(`ALTER USER ${accountLiteral(account)} ACCOUNT ${lock}`);
      if (lock === "LOCK") await endSessions(account);
    }
  }

  async function limits(role: DatabaseRole): Promise<string> {
    const [version = ""] = await values("SELECT VERSION()");
    const time = version.includes("MariaDB") ? ` MAX_STATEMENT_TIME ${STATEMENT_SECONDS[role]}` : "";
    return `WITH MAX_USER_CONNECTIONS ${CONNECTION_LIMITS[role]}${time}`;
  }

  return {
    engine: "mysql",

    async create(target) {
      const candidates = COLLATIONS.map(quoteLiteral).join(", ");
      const known = await values(`SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (${candidates})`);
      const collation = COLLATIONS.find((name) => known.includes(name));
      const form = `CHARACTER SET utf8mb4${collation ? ` COLLATE ${collation}` : ""}`;
      await command(`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(target.name)} ${form}`);
      return { reference: null };
    },

    async status(target) {
      const schema = `SELECT schema_name FROM information_schema.schemata WHERE schema_name = ${quoteLiteral(target.name)}`;
      if ((await values(schema)).length === 0) return "absent";
      const names = await existing(accounts(target));
      const shown = await Promise.all(names.map((name) => values(`SHOW CREATE USER ${accountLiteral(name)}`)));
      return names.length > 0 && shown.flat().every((text) => text.includes("ACCOUNT LOCK")) ? "suspended" : "ready";
    },

    async issue(target, role, { generation, password }) {
      const username = accountOf(target, role, generation);
      const account = accountLiteral(username);
      await command(`CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ${quoteLiteral(password)}`);
      await command(`ALTER USER ${account} IDENTIFIED BY ${quoteLiteral(password)} ${await limits(role)}`);
      await command(`GRANT ${PRIVILEGES[role]} ON ${grantPattern(target)}.* TO ${account}`);
      return { username, password, host: null };
    },

    async revokeOthers(target, role, generation) {
      // The owner's entries share one account, whose password has changed: what is left of older ones are their sessions.
      if (role === "owner") return endSessions(accountOf(target, role, generation));
      const current = accountOf(target, role, generation);
      for (const other of await existing(accounts(target).filter((name) => name !== current))) {
        await command(`DROP USER IF EXISTS ${accountLiteral(other)}`);
        await endSessions(other);
      }
    },

    suspend: (target) => setLocked(target, "LOCK"),
    resume: (target) => setLocked(target, "UNLOCK"),

    async destroy(target) {
      for (const account of [...accounts(target), accountOf(target, "owner", 1)]) {
        await command(`DROP USER IF EXISTS ${accountLiteral(account)}`);
        await endSessions(account);
      }
      await command(`DROP DATABASE IF EXISTS ${quoteIdentifier(target.name)}`);
    },

    address({ name }, { username, password }) {
      const url = new URL(adminUrl);
      url.username = username;
      url.password = password;
      url.pathname = `/${name}`;
      return url.href;
    },
  };
}
