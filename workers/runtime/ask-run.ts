import type { Context } from "#platform/context";
import {
  idempotencyKeyOf,
  loadVersion,
  openSession,
  type Preferences,
  preferencesOf,
  type RunKey,
  requireOrigin,
  runKey,
  type ServedVersion,
  sessionSeed,
  type VisitorSession,
} from "#runtime";
import { askedOf, type RunBody, readRunBody } from "./body.ts";
import { clientIp } from "./limits.ts";
import { prove } from "./prove.ts";
import { enter, renew, type Visit } from "./visit.ts";

/** A run that has been read and let in, but neither validated nor admitted. */
export interface AskedRun {
  readonly visit: Visit;
  readonly version: ServedVersion;
  readonly session: VisitorSession;
  readonly body: RunBody;
  readonly apiKeyId: string | null;
  readonly key: RunKey | null;
  readonly preferences: Preferences;
}

async function takesFiles(ctx: Context, { route }: Visit): Promise<boolean> {
  return (await loadVersion(ctx, route)).inputs.some(({ type }) => type === "file");
}

/** Reads a request for a run, once the app's policy has let its caller in. */
export async function askRun(ctx: Context, visit: Visit): Promise<AskedRun> {
  const entered = await enter(ctx, visit, "run");
  requireOrigin(visit.route, visit.request);
  const keyText = idempotencyKeyOf(visit.request.headers);
  const body = await readRunBody(visit.request, () => takesFiles(ctx, visit));
  const renewed = await renew(ctx, visit);
  const unchanged = renewed.route.epoch === visit.route.epoch;
  const caller = unchanged ? entered : await enter(ctx, renewed, "run");
  const { apiKeyId } = caller;
  const { route, request } = renewed;
  const seed = keyText === null ? undefined : sessionSeed(keyText, apiKeyId, clientIp(request));
  const [version, opened] = await Promise.all([loadVersion(ctx, route), openSession(ctx, route, request.headers, seed)]);
  const session = await prove(ctx, renewed, caller, opened, body.captchaToken);
  const key = keyText === null ? null : await runKey(keyText, { appId: route.appId, session, apiKeyId }, await askedOf(body));
  return { visit: renewed, version, session, body, apiKeyId, key, preferences: preferencesOf(request.headers) };
}
