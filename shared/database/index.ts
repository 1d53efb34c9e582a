export { applySchema } from "./apply.ts";
export { sealedCredentials } from "./credentials.ts";
export { executeOperation } from "./execute.ts";
export { type DbOperation, dbOperationSchema, type OperationResult, WHERE_OPERATORS } from "./operation.ts";
export { ensureDatabase, getDatabase } from "./provision.ts";
export { type DbColumn, type DbSchema, type DbTable, dbSchemaSchema } from "./schema.ts";
export { validateDbSchema } from "./schema-faults.ts";
export { createWorkspacePool } from "./workspace-pool.ts";
