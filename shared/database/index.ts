export { applySchema } from "./apply.ts";
export { executeOperation } from "./execute.ts";
export { type DbOperation, type DbOperationName, dbOperationSchema, type OperationResult } from "./operation.ts";
export { ensureDatabase, getDatabase } from "./provision.ts";
export {
  COLUMN_TYPES,
  type ColumnType,
  type DbColumn,
  type DbIndex,
  type DbSchema,
  type DbTable,
  dbSchemaSchema,
  findColumn,
  findTable,
  idColumn,
} from "./schema.ts";
export { validateDbSchema } from "./schema-faults.ts";
export { createWorkspacePool } from "./workspace-pool.ts";
