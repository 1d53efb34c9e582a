import { randomBytes } from "node:crypto";
import type { DoubleClock } from "../double-clock.ts";
import type { MysqlBranches, PasswordRole } from "./mysql-branch.ts";

/** How long a new database is pending, in milliseconds. */
const PENDING_MS = 3000;

export interface Password {
  readonly id: string;
  readonly name: string;
  readonly role: PasswordRole;
  readonly username: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

export interface Database {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly kind: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Of the main branch, oldest first. */
  readonly passwords: Map<string, Password>;
}

/** The organization's databases, made on the given MySQL server. */
export interface Databases {
  list(): readonly Database[];
  find(name: string): Database | undefined;
  isReady(database: Database): boolean;
  create(database: Pick<Database, "name" | "region" | "kind">): Promise<Database>;
  remove(database: Database): Promise<void>;
  /** Gives the only copy of the password's text. */
  createPassword(database: Database, password: Pick<Password, "name" | "role">): Promise<{ password: Password; plainText: string }>;
  /** A password without a user, as if somebody else had made it. */
  addPassword(database: string, name: string): void;
  removePassword(database: Database, password: Password): Promise<void>;
}

const newId = () => randomBytes(6).toString("hex");

export function createDatabases(branches: MysqlBranches, clock: DoubleClock): Databases {
  const databases = new Map<string, Database>();
  return {
    list: () => [...databases.values()],
    find: (name) => databases.get(name),
    isReady: ({ createdAt }) => clock.now() >= createdAt + PENDING_MS,
    async create({ name, region, kind }) {
      const database: Database = { id: newId(), name, region, kind, createdAt: clock.now(), passwords: new Map() };
      databases.set(name, database);
      await branches.createDatabase(name);
      return database;
    },
    async remove(database) {
      databases.delete(database.name);
      for (const { username } of database.passwords.values()) await branches.dropUser(username);
      await branches.dropDatabase(database.name);
    },
    async createPassword(database, { name, role }) {
      const password: Password = { id: newId(), name, role, username: randomBytes(10).toString("hex"), createdAt: clock.now() };
      const plainText = `pscale_pw_${randomBytes(24).toString("base64url")}`;
      database.passwords.set(password.id, password);
      await branches.createUser(database.name, { name: password.username, password: plainText, role });
      return { password, plainText };
    },
    addPassword(database, name) {
      const password: Password = { id: newId(), name, role: "reader", username: newId(), createdAt: clock.now() };
      databases.get(database)?.passwords.set(password.id, password);
    },
    async removePassword(database, { id, username }) {
      database.passwords.delete(id);
      await branches.dropUser(username);
    },
  };
}
