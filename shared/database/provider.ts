/** `owner` changes the schema, for migrations alone; `runtime` reads and changes rows, for everything else. */
export type DatabaseRole = "owner" | "runtime";

export interface DatabaseTarget {
  readonly name: string;
  readonly passwords: Readonly<Record<DatabaseRole, string>>;
}

/** Where workspace databases are made. Every call may be repeated after any failure and finishes what was begun. */
export interface Provider {
  /** Makes the database and its two roles with these passwords, or brings what exists to that state. */
  provision(target: DatabaseTarget): Promise<void>;
  /** The connection string of a role. */
  address(name: string, role: DatabaseRole, password: string): string;
}

/** The name of a workspace's own database. Deterministic, so that making it twice makes one. */
export function databaseName(workspaceId: string): string {
  return `ws_${workspaceId}`;
}

export function roleName(database: string, role: DatabaseRole): string {
  return `${database}_${role}`;
}
