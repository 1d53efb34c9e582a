import type { Context } from "#platform/context";
import type { Engine } from "../engines/engine.ts";
import { openEntry, readReadyRow, targetOf } from "../provisioning/credentials.ts";
import type { Provisioner } from "../provisioning/provisioner.ts";
import type { StorageState } from "./storage.ts";

/** How the runtime role enters, opened. Lives in memory only. */
export interface Access {
  readonly engine: Engine;
  readonly address: string;
  readonly revision: number;
  /** As it was when the access was read. */
  readonly storage: StorageState;
}

/** The runtime role's ways into one workspace's database: the current one, and older ones for as long as something uses them. */
export class Accesses {
  readonly #ctx: Context;
  readonly #provisioner: Provisioner;
  /** The current access, or its reading under way, so that a burst reads it once. */
  #current: Promise<Access> | undefined;
  /** What is under way, by the revision of the access that it entered by. */
  readonly #uses = new Map<number, Set<Promise<unknown>>>();

  constructor(ctx: Context, provisioner: Provisioner) {
    this.#ctx = ctx;
    this.#provisioner = provisioner;
  }

  /**
   * Does some work by the runtime role. A refused entry may mean that the credentials were changed: they are read again, and if
   * they were, the work is tried again, which did not begin before.
   */
  async use<T>(workspaceId: string, work: (access: Access) => Promise<T>): Promise<T> {
    const access = await this.#currentAccess(workspaceId);
    try {
      return await this.#tracked(access, work);
    } catch (error) {
      if (access.engine.refusal(error)?.objection !== "entry_refused") throw error;
      const fresh = await this.#renew(workspaceId, access.revision);
      if (fresh.revision === access.revision) throw error;
      return this.#tracked(fresh, work);
    }
  }

  /** Takes new credentials for all that begins from now on; resolves when nothing uses older ones any more. */
  async swap(workspaceId: string): Promise<void> {
    this.#current = undefined;
    const { revision } = await this.#currentAccess(workspaceId);
    const older = [...this.#uses].filter(([used]) => used !== revision).flatMap(([, works]) => [...works]);
    await Promise.allSettled(older);
  }

  /** Forgets what it knows, as when the database was suspended or moved. */
  forget(): void {
    this.#current = undefined;
  }

  async #tracked<T>(access: Access, work: (access: Access) => Promise<T>): Promise<T> {
    const running = work(access);
    const works = this.#uses.get(access.revision) ?? new Set();
    this.#uses.set(access.revision, works.add(running));
    try {
      return await running;
    } finally {
      works.delete(running);
      if (works.size === 0) this.#uses.delete(access.revision);
    }
  }

  #currentAccess(workspaceId: string): Promise<Access> {
    if (this.#current) return this.#current;
    const access = this.#read(workspaceId);
    this.#current = access;
    // A failed reading is forgotten, so that the next statement tries again.
    access.catch(() => {
      if (this.#current === access) this.#current = undefined;
    });
    return access;
  }

  /** Reads the access again unless somebody else did so since `revision`. */
  async #renew(workspaceId: string, revision: number): Promise<Access> {
    const known = await this.#currentAccess(workspaceId);
    if (known.revision !== revision) return known;
    this.#current = undefined;
    return this.#currentAccess(workspaceId);
  }

  async #read(workspaceId: string): Promise<Access> {
    const row = await readReadyRow(this.#ctx, workspaceId);
    const { provider, engine } = this.#provisioner.serversOf(row);
    const entry = await openEntry(this.#ctx, row, "runtime");
    return {
      engine,
      address: provider.address(targetOf(row), entry),
      revision: row.credentialsRevision,
      storage: { bytes: row.storageBytes, limit: row.storageLimit },
    };
  }
}
