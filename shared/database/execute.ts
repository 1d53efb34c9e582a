import type { Context } from "#platform/context";
import type { DbOperation, OperationResult } from "./operation.ts";
import type { DbSchema } from "./schema.ts";

export interface ExecuteOptions {
  readonly signal?: AbortSignal;
}

export async function executeOperation(
  _ctx: Context,
  _workspaceId: string,
  _schema: DbSchema,
  _operation: DbOperation,
  _options: ExecuteOptions = {},
): Promise<OperationResult> {
  return { rows: [], count: 0 };
}
