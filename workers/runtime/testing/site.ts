import { sql } from "drizzle-orm";
// biome-ignore lint/style/noRestrictedImports: tests count in memory, where production asks objects
import { Counters } from "../../../shared/runtime/admission/testing/counters.ts";
// biome-ignore lint/style/noRestrictedImports: tests keep routes in memory, where production has KV
import { FakeKv } from "../../../shared/runtime/testing/kv.ts";
import { API_ORIGIN, CONSOLE_ORIGIN, type Person, type Platform, startPlatform } from "../../api/testing/platform.ts";
import { handleRequest } from "../../gateway.ts";

/** One request as a browser or a program sends it. */
interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form's fields. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The whole Worker on a real PostgreSQL, with counters in memory: what happens before a run begins. */
export interface Site extends Platform {
  /** `address` is a path of the platform, or a whole address. */
  visit(address: string, visit?: Visit): Promise<Response>;
  publish(owner: Person, slug: string, policy: Readonly<Record<string, unknown>>): Promise<string>;
  setPolicy(owner: Person, appId: string, patch: Readonly<Record<string, unknown>>): Promise<number>;
  /** A hostname that is active for an app. */
  bind(owner: Person, appId: string, hostname: string): Promise<void>;
}

const MANIFEST = {
  manifest: "1",
  name: "Desk",
  workflow: {
    nodes: [
      { id: "start", type: "start", config: { inputs: [{ name: "word", type: "string", required: true }] } },
      { id: "end", type: "end", config: { outputs: { said: "{{ inputs.word }}" } } },
    ],
    edges: [{ from: "start", to: "end" }],
  },
};

export async function startSite(): Promise<Site> {
  const platform = await startPlatform();
  const { RATE_LIMITER, SESSION_KEYS } = new Counters().env;
  // The platform's own limiter lets everybody pass.
  const LOOK_UPS = { limit: async () => ({ success: true }) };
  Object.assign(platform.env, { RATE_LIMITER, SESSION_KEYS, LOOK_UPS, ROUTES: new FakeKv().binding });

  async function visit(address: string, { method, headers = {}, form, body }: Visit = {}): Promise<Response> {
    const sent = form === undefined ? body : new URLSearchParams(form).toString();
    const type: Record<string, string> = form === undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" };
    const request = new Request(new URL(address, API_ORIGIN), {
      method: method ?? (sent === undefined ? "GET" : "POST"),
      headers: { ...type, ...headers },
      ...(sent === undefined ? {} : { body: sent }),
      redirect: "manual",
    });
    const execution: unknown = { waitUntil: () => undefined };
    return handleRequest(request, platform.env, execution as ExecutionContext);
  }

  async function expectOk(route: string, owner: Person, body: unknown) {
    const answer = await platform.call(route, { as: owner.as, body });
    if (answer.status >= 300) throw new Error(`${route} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  }

  return {
    ...platform,
    visit,
    async publish(owner, slug, { password, ...policy }) {
      const manifest = { ...MANIFEST, access_policy: policy };
      const app = await expectOk(`POST /api/v1/workspaces/${owner.workspaceId}/apps?slug=${slug}`, owner, manifest);
      if (password !== undefined) await expectOk(`PATCH /api/v1/apps/${app.id}/access-policy`, owner, { password });
      await expectOk(`POST /api/v1/apps/${app.id}/publish`, owner, {});
      return app.id;
    },
    async setPolicy(owner, appId, patch) {
      return (await platform.call(`PATCH /api/v1/apps/${appId}/access-policy`, { as: owner.as, body: patch })).status;
    },
    async bind(owner, appId, hostname) {
      const domain = await expectOk(`POST /api/v1/apps/${appId}/domains`, owner, { hostname });
      await platform.settle();
      const active = sql`UPDATE app_domains SET status = 'active', verified_at = now(), next_check_at = NULL WHERE id = ${domain.id}`;
      await platform.context().db.execute(active);
    },
  };
}

/** The cookies that an answer sets, as a browser sends them back, with those it had. */
export function withCookies(answer: Response, before = ""): string {
  const jar = new Map<string, string>();
  for (const pair of before.split("; ").filter((text) => text !== "")) jar.set(pair.split("=")[0] ?? "", pair);
  for (const line of answer.headers.getSetCookie()) {
    const pair = line.split(";")[0] ?? "";
    const name = pair.split("=")[0] ?? "";
    if (line.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, pair);
  }
  return [...jar.values()].join("; ");
}

export { API_ORIGIN, CONSOLE_ORIGIN };
