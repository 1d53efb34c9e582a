import { and, eq, ne } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, errorCode } from "#platform/errors";
import type { ProvisioningStep } from "#platform/objects/database-pool";
import { auditLogs, workspaceDatabases } from "#platform/schema";
import { plain } from "../engines/driver.ts";
import type { Engine, Engines } from "../engines/engine.ts";
import type { Providers } from "../providers/configured.ts";
import type { DatabaseRole, Entry, Provider } from "../providers/provider.ts";
import {
  type CredentialsDraft,
  type DatabaseRow,
  dropDraft,
  type NewEntries,
  openEntry,
  readDatabaseRow,
  reserveDraft,
  storeEntries,
  targetOf,
} from "./credentials.ts";

export interface ProvisionerOptions {
  readonly ctx: Context;
  readonly engines: Engines;
  readonly providers: Providers;
}

const ROLES: readonly DatabaseRole[] = ["owner", "runtime"];

/** Makes workspace databases and their credentials, in steps each of which may be repeated after any failure. */
export class Provisioner {
  readonly #ctx: Context;
  readonly #engines: Engines;
  readonly #providers: Providers;

  constructor({ ctx, engines, providers }: ProvisionerOptions) {
    this.#ctx = ctx;
    this.#engines = engines;
    this.#providers = providers;
  }

  /** A database's provider and engine. Throws invalid_state when this deployment is not set up for them. */
  serversOf(row: Pick<DatabaseRow, "provider">): { readonly provider: Provider; readonly engine: Engine } {
    const provider = this.#providers[row.provider];
    if (!provider) throw new AppError("invalid_state", `This deployment is not set up for databases at "${row.provider}".`);
    return { provider, engine: this.#engines[provider.engine] };
  }

  /** Does one step of making a database; says whether the next may follow at once, or this one is to be looked at again. */
  async provision(workspaceId: string, step: ProvisioningStep): Promise<boolean> {
    const row = await this.#requireRow(workspaceId);
    // A step that comes late finds the work done.
    if (row.status !== "provisioning" && row.status !== "failed") return true;
    if (row.step !== step) await this.#set(row, { step, status: "provisioning", error: null });
    switch (step) {
      case "create":
        return this.#create(row);
      case "roles":
        await this.#issueReserved(row);
        return true;
      case "verify":
        await this.#verify(row, { owner: await openEntry(this.#ctx, row, "owner"), runtime: await openEntry(this.#ctx, row, "runtime") });
        return true;
      case "store":
        await this.#markReady(row);
        return true;
    }
  }

  /**
   * Gives both roles entries of the next generation. `settled` resolves when nothing uses the older ones any more; only then are
   * these refused. Goes on with what an earlier call began.
   */
  async rotate(workspaceId: string, settled: () => Promise<void>): Promise<void> {
    const row = await this.#requireRow(workspaceId);
    if (row.status !== "ready") throw new AppError("invalid_state", `The workspace's database is not ready: it is ${row.status}.`);
    const draft = await reserveDraft(this.#ctx, row);
    if (!(await this.#isKept(row, draft))) {
      const entries = await this.#issue(row, draft);
      await this.#verify(row, entries);
      await storeEntries(this.#ctx, row, draft.generation, entries);
    }
    await settled();
    const { provider } = this.serversOf(row);
    for (const role of ROLES) await provider.revokeOthers(targetOf(row), role, draft.generation);
    await dropDraft(this.#ctx, workspaceId);
  }

  /** Keeps the runtime role out; first for whoever asks for an access, then at the server. */
  async suspend(workspaceId: string): Promise<void> {
    const row = await this.#requireRow(workspaceId);
    if (row.status !== "ready" && row.status !== "suspended") return;
    await this.#set(row, { status: "suspended" });
    await this.serversOf(row).provider.suspend(targetOf(row));
  }

  /** Lets it in again, with new credentials where the provider has thrown away the old ones. */
  async resume(workspaceId: string): Promise<void> {
    const row = await this.#requireRow(workspaceId);
    if (row.status !== "suspended") return;
    const { provider, engine } = this.serversOf(row);
    await provider.resume(targetOf(row));
    const address = provider.address(targetOf(row), await openEntry(this.#ctx, row, "runtime"));
    const refusal = await engine.driver.run(address, plain("SELECT 1")).then(
      () => undefined,
      (error: unknown) => engine.refusal(error) ?? Promise.reject(error),
    );
    if (refusal && refusal.objection !== "entry_refused")
      throw new AppError("database_unavailable", "The workspace's database cannot be entered.");
    await this.#set(row, { status: "ready" });
    if (refusal) await this.rotate(workspaceId, async () => undefined);
  }

  /** Leaves nothing at the provider, and nothing to enter by. */
  async destroy(workspaceId: string): Promise<void> {
    const row = await this.#requireRow(workspaceId);
    if (row.status === "deleted") return;
    await this.#set(row, { status: "suspended" });
    await this.serversOf(row).provider.destroy(targetOf(row));
    const gone = { status: "deleted", step: null, error: null, reference: null, keyVersion: null } as const;
    await this.#set(row, { ...gone, sealedOwner: null, sealedRuntime: null, sealedDraft: null });
  }

  async #requireRow(workspaceId: string): Promise<DatabaseRow> {
    const row = await readDatabaseRow(this.#ctx, workspaceId);
    if (!row) throw new AppError("invalid_state", "The workspace has no database to be made.");
    return row;
  }

  async #create(row: DatabaseRow): Promise<boolean> {
    const { provider } = this.serversOf(row);
    const { reference } = await provider.create(targetOf(row));
    // Kept before anything else is done: whoever resumes must find the same database.
    if (reference !== row.reference) await this.#set(row, { reference });
    try {
      return (await provider.status({ ...targetOf(row), reference })) !== "pending";
    } catch (error) {
      // What was never entered holds nothing: the next try begins anew instead of meeting the same failure for ever.
      if (errorCode(error) === "database_unavailable" && row.sealedOwner === null) {
        await provider.destroy({ ...targetOf(row), reference });
        await this.#set(row, { reference: null });
      }
      throw error;
    }
  }

  async #issueReserved(row: DatabaseRow): Promise<void> {
    const draft = await reserveDraft(this.#ctx, row);
    if (await this.#isKept(row, draft)) return;
    await storeEntries(this.#ctx, row, draft.generation, await this.#issue(row, draft));
  }

  /** Whether the entries of a draft are in use already. */
  async #isKept(row: DatabaseRow, draft: CredentialsDraft): Promise<boolean> {
    return row.sealedRuntime !== null && (await openEntry(this.#ctx, row, "runtime")).generation === draft.generation;
  }

  async #issue(row: DatabaseRow, { generation, ...passwords }: CredentialsDraft): Promise<NewEntries> {
    const { provider } = this.serversOf(row);
    const issue = (role: DatabaseRole) => provider.issue(targetOf(row), role, { generation, password: passwords[role] });
    // The owner first: what the runtime role may is given in the owner's name.
    const owner = await issue("owner");
    return { owner, runtime: await issue("runtime") };
  }

  async #verify(row: DatabaseRow, entries: Readonly<Record<DatabaseRole, Entry>>): Promise<void> {
    const { provider, engine } = this.serversOf(row);
    await Promise.all(ROLES.map((role) => engine.driver.run(provider.address(targetOf(row), entries[role]), plain("SELECT 1"))));
  }

  /** Whoever makes the database ready first writes the audit row. */
  async #markReady({ workspaceId }: DatabaseRow): Promise<void> {
    const ctx = this.#ctx;
    await ctx.transaction(async (tx) => {
      const [row] = await tx
        .update(workspaceDatabases)
        .set({ status: "ready", step: null, sealedDraft: null, error: null, updatedAt: new Date(ctx.clock.now()) })
        .where(and(eq(workspaceDatabases.workspaceId, workspaceId), ne(workspaceDatabases.status, "ready")))
        .returning({ name: workspaceDatabases.name, provider: workspaceDatabases.provider, region: workspaceDatabases.region });
      if (!row) return;
      const entry = { workspaceId, action: "database.provisioned", targetType: "database", targetId: row.name, after: row };
      await tx.insert(auditLogs).values(auditRow(ctx, entry));
    });
  }

  async #set({ workspaceId }: DatabaseRow, values: Partial<DatabaseRow>): Promise<void> {
    await this.#ctx.db
      .update(workspaceDatabases)
      .set({ ...values, updatedAt: new Date(this.#ctx.clock.now()) })
      .where(eq(workspaceDatabases.workspaceId, workspaceId));
  }
}
