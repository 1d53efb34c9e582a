import pg from "pg";
import type { RunningStack } from "../tests/stack.ts";

let people = 0;

/** A new workspace whose plan stops at so many requests, or nowhere. Gives what publishes an app in it, and the app's path. */
export async function openWorkspace(stack: RunningStack, requests: number | null): Promise<(manifest: unknown) => Promise<string>> {
  people += 1;
  const email = `bench-${process.pid}-${people}@example.test`;
  const signedUp = await post(stack, "/api/auth/sign-up/email", { name: "Bench", email, password: "correct horse battery" }, "");
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const response = await fetch(new URL("/api/v1/workspaces", stack.api), { headers: { Cookie: cookie } });
  const { data } = JSON.parse(await response.text());
  const { id, slug } = data[0];
  await setQuota(stack, id, requests);
  return async (manifest) => {
    const made = JSON.parse(await (await post(stack, `/api/v1/workspaces/${id}/apps`, manifest, cookie)).text());
    await post(stack, `/api/v1/apps/${made.data.id}/publish`, {}, cookie);
    return `/${slug}/${made.data.slug}`;
  };
}

async function setQuota({ postgres }: RunningStack, workspaceId: string, requests: number | null): Promise<void> {
  const address = new URL(postgres);
  address.pathname = "/agentflow";
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  await client.query(
    `INSERT INTO workspace_quotas (workspace_id, period_start, period_end, plan_code, limits)
     SELECT $1, date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
            (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC',
            code, limits || jsonb_build_object('requests', $2::int) FROM billing_plans WHERE code = 'enterprise'
     ON CONFLICT (workspace_id, period_start) DO UPDATE SET plan_code = excluded.plan_code, limits = excluded.limits`,
    [workspaceId, requests],
  );
  await client.end();
}

async function post(stack: RunningStack, path: string, body: unknown, cookie: string): Promise<Response> {
  const response = await fetch(new URL(path, stack.api), {
    method: "POST",
    headers: { "Content-Type": "application/json", Cookie: cookie, Origin: stack.api },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  return response;
}
