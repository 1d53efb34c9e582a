import { sql } from "drizzle-orm";
import type { Context } from "#platform/context";

type Check = "ok" | "failed";

/** A dependency that does not answer within this time (ms) counts as failed. */
const PATIENCE = 3_000;

/** `GET /healthz`: 200 when the platform database and every address in HEALTH_CHECKS answer, else 503. */
export async function healthResponse(ctx: Context): Promise<Response> {
  const named = [["platform_db", () => ctx.db.execute(sql`select 1`)] as const, ...addressChecks(ctx)];
  const checks = Object.fromEntries(
    await Promise.all(named.map(async ([name, probe]) => [name, await outcome(ctx, name, probe)] as const)),
  );
  const ok = Object.values(checks).every((check) => check === "ok");
  return Response.json(
    { status: ok ? "ok" : "unavailable", version: ctx.env.VERSION, checks },
    { status: ok ? 200 : 503, headers: { "Cache-Control": "no-store", ...(ok ? {} : { "Retry-After": "2" }) } },
  );
}

/** The operator's own checks: `name=address` pairs, each of which must answer with success. */
function addressChecks(ctx: Context) {
  return ctx.env.HEALTH_CHECKS.split(",")
    .map((pair) => pair.trim().split("="))
    .flatMap(([name, ...address]) => (name ? [[name, () => probe(address.join("="))] as const] : []));
}

async function probe(address: string): Promise<void> {
  const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE), redirect: "manual" });
  await response.body?.cancel();
  if (response.status >= 400) throw new Error(`answered ${response.status}`);
}

async function outcome(ctx: Context, name: string, run: () => Promise<unknown>): Promise<Check> {
  try {
    await run();
    return "ok";
  } catch (error) {
    ctx.log.warn("a health check failed", { check: name, error: String(error) });
    return "failed";
  }
}
