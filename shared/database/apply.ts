import type { Context } from "#platform/context";
import type { DbSchema } from "./schema.ts";

export async function applySchema(_ctx: Context, _workspaceId: string, _schema: DbSchema): Promise<void> {}
