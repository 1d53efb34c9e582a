export { applySchema } from "./migrations/apply.ts";
export { executeOperation } from "./operations/execute.ts";
export { type DbOperation, dbOperationSchema, type OperationResult, WHERE_OPERATORS } from "./operations/operation.ts";
export { createWorkspacePool } from "./pool/workspace-pool.ts";
export { sealedCredentials } from "./provisioning/credentials.ts";
export { ensureDatabase, getDatabase } from "./provisioning/provision.ts";
export { type DbColumn, type DbSchema, type DbTable, dbSchemaSchema } from "./schema/db-schema.ts";
export { validateDbSchema } from "./schema/schema-faults.ts";
