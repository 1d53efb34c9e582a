export {
  type BackupDownload,
  createBackup,
  deleteBackup,
  downloadBackup,
  getBackup,
  listBackups,
} from "./backups/backups.ts";
export { getRestore, restoreBackup } from "./backups/restores.ts";
export { runBackup } from "./backups/run-backup.ts";
export { runRestore } from "./backups/run-restore.ts";
export { beginDailyBackups, expireBackups, giveUpInterrupted } from "./backups/upkeep.ts";
export { applySchema, planSchema } from "./migrations/apply.ts";
export { dropClaim } from "./migrations/claim-records.ts";
export { executeOperation } from "./operations/execute.ts";
export { type DbOperation, dbOperationSchema, type OperationResult, WHERE_OPERATORS } from "./operations/operation.ts";
export { createWorkspacePool } from "./pool/workspace-pool.ts";
export { DATABASE_PROVIDERS } from "./providers/configured.ts";
export { sealedCredentials } from "./provisioning/credentials.ts";
export { destroyDatabases, settleDatabase, settleDatabases } from "./provisioning/lifecycle.ts";
export { ensureDatabase, getDatabase, makeDatabase } from "./provisioning/provision.ts";
export { resumeRotations, rotateCredentials } from "./provisioning/rotate.ts";
export { type DbColumn, type DbSchema, type DbTable, dbSchemaSchema } from "./schema/db-schema.ts";
export { validateDbSchema } from "./schema/schema-faults.ts";
export { measureStorage, readyDatabases } from "./storage.ts";
