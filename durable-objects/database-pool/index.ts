import { DurableObject } from "cloudflare:workers";
import { createWorkspacePool } from "#database";
import type { Env } from "#platform/env";
import type {
  BackupSummary,
  DatabasePoolApi,
  OperationAnswer,
  OperationRequest,
  PoolMetricsView,
  PoolReply,
  ProvisioningStep,
  QueryAnswer,
  QueryRequest,
  ReplacementStep,
  RestoreRequest,
  RowsAnswer,
  SchemaPlan,
  SchemaRequest,
  TableDescription,
} from "#platform/objects/database-pool";

/** The home of a workspace's database pool: one object a workspace, named by the workspace's id. It stores nothing. */
export class DatabasePool extends DurableObject<Env> implements DatabasePoolApi {
  readonly #pool = createWorkspacePool(this.env, (work) => this.ctx.waitUntil(work));

  async execute(workspaceId: string, request: OperationRequest): Promise<PoolReply<OperationAnswer>> {
    this.#assertOwn(workspaceId);
    return this.#pool.execute(workspaceId, request);
  }

  async tables(workspaceId: string, name?: string): Promise<PoolReply<TableDescription[]>> {
    this.#assertOwn(workspaceId);
    return this.#pool.tables(workspaceId, name);
  }

  async rows(workspaceId: string, request: object): Promise<PoolReply<RowsAnswer>> {
    this.#assertOwn(workspaceId);
    return this.#pool.rows(workspaceId, request);
  }

  async query(workspaceId: string, request: QueryRequest): Promise<PoolReply<QueryAnswer>> {
    this.#assertOwn(workspaceId);
    return this.#pool.query(workspaceId, request);
  }

  async stop(workspaceId: string, name: string): Promise<void> {
    this.#assertOwn(workspaceId);
    return this.#pool.stop(workspaceId, name);
  }

  async provision(workspaceId: string, step: ProvisioningStep): Promise<PoolReply<boolean>> {
    this.#assertOwn(workspaceId);
    return this.#pool.provision(workspaceId, step);
  }

  async rotate(workspaceId: string): Promise<PoolReply<null>> {
    this.#assertOwn(workspaceId);
    return this.#pool.rotate(workspaceId);
  }

  async suspend(workspaceId: string): Promise<PoolReply<null>> {
    this.#assertOwn(workspaceId);
    return this.#pool.suspend(workspaceId);
  }

  async resume(workspaceId: string): Promise<PoolReply<null>> {
    this.#assertOwn(workspaceId);
    return this.#pool.resume(workspaceId);
  }

  async destroy(workspaceId: string): Promise<PoolReply<null>> {
    this.#assertOwn(workspaceId);
    return this.#pool.destroy(workspaceId);
  }

  async metrics(workspaceId: string): Promise<PoolReply<PoolMetricsView>> {
    this.#assertOwn(workspaceId);
    return this.#pool.metrics();
  }

  async measureStorage(workspaceId: string, limit: number | null): Promise<PoolReply<number>> {
    this.#assertOwn(workspaceId);
    return this.#pool.measureStorage(workspaceId, limit);
  }

  async applySchema(workspaceId: string, request: SchemaRequest): Promise<PoolReply<SchemaPlan>> {
    this.#assertOwn(workspaceId);
    return this.#pool.applySchema(workspaceId, request);
  }

  async planSchema(workspaceId: string, request: SchemaRequest): Promise<PoolReply<SchemaPlan>> {
    this.#assertOwn(workspaceId);
    return this.#pool.planSchema(workspaceId, request);
  }

  async backUp(workspaceId: string, key: string): Promise<PoolReply<BackupSummary>> {
    this.#assertOwn(workspaceId);
    return this.#pool.backUp(workspaceId, key);
  }

  async restore(workspaceId: string, step: ReplacementStep, request: RestoreRequest): Promise<PoolReply<null>> {
    this.#assertOwn(workspaceId);
    return this.#pool.restore(workspaceId, step, request);
  }

  /** The credentials held here are one workspace's; a call for another would be served with them. */
  #assertOwn(workspaceId: string): void {
    if (this.ctx.id.name !== workspaceId) throw new Error("a database pool was asked for another workspace than its own");
  }
}
