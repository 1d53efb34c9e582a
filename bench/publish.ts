import pg from "pg";
import type { RunningStack } from "../tests/stack.ts";

interface Manifests {
  readonly greeting: unknown;
  readonly guestbook: unknown;
  readonly reader: unknown;
}

/** Publishes the apps in a new workspace of their own, without a quota. Gives their addresses' paths. */
export async function publishAll(stack: RunningStack, manifests: Manifests): Promise<Readonly<Record<`${keyof Manifests}Path`, string>>> {
  const email = `bench-${process.pid}@example.test`;
  const signedUp = await post(stack, "/api/auth/sign-up/email", { name: "Bench", email, password: "correct horse battery" }, "");
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const response = await fetch(new URL("/api/v1/workspaces", stack.api), { headers: { Cookie: cookie } });
  const { data } = JSON.parse(await response.text());
  const { id, slug } = data[0];
  await withoutQuota(stack, id);
  const publish = async (manifest: unknown) => {
    const made = JSON.parse(await (await post(stack, `/api/v1/workspaces/${id}/apps`, manifest, cookie)).text());
    await post(stack, `/api/v1/apps/${made.data.id}/publish`, {}, cookie);
    return `/${slug}/${made.data.slug}`;
  };
  return {
    greetingPath: await publish(manifests.greeting),
    guestbookPath: await publish(manifests.guestbook),
    readerPath: await publish(manifests.reader),
  };
}

async function withoutQuota({ postgres }: RunningStack, workspaceId: string): Promise<void> {
  const address = new URL(postgres);
  address.pathname = "/agentflow";
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  await client.query(
    "UPDATE workspace_quotas SET plan_code = 'enterprise', limits = (SELECT limits FROM billing_plans WHERE code = 'enterprise') WHERE workspace_id = $1",
    [workspaceId],
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
