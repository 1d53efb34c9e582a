import type { Context } from "#platform/context";

/** A workspace's database as members see it. Contains no credentials. */
export interface DatabaseView {
  readonly provider: "postgres" | "mysql" | "neon" | "planetscale";
  readonly name: string;
  readonly status: "provisioning" | "ready" | "failed" | "suspended";
  readonly region: string;
  readonly error: string | null;
  readonly created_at: string;
}

export async function ensureDatabase(_ctx: Context, _workspaceId: string): Promise<void> {}

export async function getDatabase(_ctx: Context, _workspaceId: string): Promise<DatabaseView | null> {
  return null;
}
