/** `owner` changes the schema, for migrations alone; `runtime` reads and changes rows, for everything else. */
export type DatabaseRole = "owner" | "runtime";

export type EngineName = "postgres" | "mysql";

/** A workspace's database as its provider knows it. */
export interface DatabaseTarget {
  /** `ws_<workspace id>`: deterministic, so that making it twice makes one. */
  readonly name: string;
  /** The workspace's region. */
  readonly region: string;
  /** What the provider calls it (a project's id, a database's name); null until `create` has said it. Kept by the caller. */
  readonly reference: string | null;
}

/** What an entry is to be issued with. Kept, sealed, before the far side hears of it, so that whoever resumes goes on with the same. */
export interface EntryDraft {
  /** 1, 2, …: each rotation raises it. */
  readonly generation: number;
  /** Hexadecimal, so that it needs no quoting anywhere. Providers that make passwords by themselves ignore it. */
  readonly password: string;
}

/** How a role enters a database. */
export interface Entry {
  readonly username: string;
  readonly password: string;
  /** null: the provider's configured server. */
  readonly host: string | null;
}

export type ProviderStatus = "absent" | "pending" | "ready" | "suspended";

/** Where workspace databases are made. Every call may be repeated after any failure and finishes what was begun; none makes a thing twice. */
export interface Provider {
  readonly engine: EngineName;
  /** Makes the database, or finds it. May return before it can be used: `status` tells. */
  create(target: DatabaseTarget): Promise<{ readonly reference: string | null }>;
  status(target: DatabaseTarget): Promise<ProviderStatus>;
  /**
   * Gives a role its entry of this generation, with the role's privileges. Older entries of the runtime role stay valid until
   * they are revoked; those of the owner, which only one line of schema changes uses, may end at once.
   */
  issue(target: DatabaseTarget, role: DatabaseRole, draft: EntryDraft): Promise<Entry>;
  /** Refuses every entry of the role but that of this generation from now on, and ends their sessions where the provider can. */
  revokeOthers(target: DatabaseTarget, role: DatabaseRole, generation: number): Promise<void>;
  /** The runtime role can no longer enter; the data stays. */
  suspend(target: DatabaseTarget): Promise<void>;
  resume(target: DatabaseTarget): Promise<void>;
  /** Leaves nothing. */
  destroy(target: DatabaseTarget): Promise<void>;
  /** The connection string with which the engine's driver enters. */
  address(target: DatabaseTarget, entry: Entry): string;
}

/** The name of a workspace's own database. */
export function databaseName(workspaceId: string): string {
  return `ws_${workspaceId}`;
}
