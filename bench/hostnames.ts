import type { Client } from "pg";

const HOSTNAMES = 100_000;

/**
 * Gives the app at this path (`/<workspace>/<app>`) so many active hostnames, one of which it returns. Nobody checks them: there is
 * nothing behind them.
 */
export async function plantHostnames(client: Client, path: string): Promise<string> {
  const [, workspace, app] = path.split("/");
  const planted = await client.query(
    `INSERT INTO app_domains (id, workspace_id, app_id, hostname, status, verification_token, verified_at, next_check_at)
     SELECT 'dom_bench' || n, apps.workspace_id, apps.id, 'shop-' || n || '.example.test', 'active', 'agentflow-' || md5(n::text), now(), NULL
     FROM apps JOIN workspaces ON workspaces.id = apps.workspace_id, generate_series(1, $3) AS n
     WHERE workspaces.slug = $1 AND apps.slug = $2`,
    [workspace, app, HOSTNAMES],
  );
  if (planted.rowCount !== HOSTNAMES) throw new Error(`${planted.rowCount} hostnames were planted for ${path}`);
  await client.query("VACUUM ANALYZE app_domains");
  return `shop-${HOSTNAMES / 2}.example.test`;
}
