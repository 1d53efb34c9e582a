import { parseInputs } from "#execution";
import type { Context } from "#platform/context";
import { errorCode, errorMessage, validationFailed } from "#platform/errors";
import { checkAddress } from "#platform/outgoing/address";
import { outgoingPolicy } from "#platform/outgoing/policy";
import {
  admit,
  type CheckedFile,
  checkFile,
  findRepeated,
  inCrowd,
  type LaunchedRun,
  type LaunchOptions,
  launchRun,
  networkName,
  placeOf,
  type RunAnswer,
  type RunOrder,
  referToFiles,
  runNow,
  storeFile,
} from "#runtime";
import { loadSecrets } from "#workspace";
import type { AskedRun } from "./ask-run.ts";
import { clientIp, refusal } from "./limits.ts";

/** A run that was begun, and the headers that tell its caller what is left of the limits. */
export type BegunRun =
  | { readonly kind: "answered"; readonly answer: RunAnswer; readonly inputs: Record<string, unknown>; readonly headers: LimitHeaders }
  | GoingRun;

/** A run that goes on in an object of its own. */
export interface GoingRun extends LaunchedRun {
  readonly kind: "going";
  readonly headers: LimitHeaders;
}

type LimitHeaders = Readonly<Record<string, string>>;

/** Where the run's end is to be told. Visitors may not make us call addresses. */
function callbackOf(ctx: Context, { body, apiKeyId }: AskedRun): string | null {
  const given = body.kind === "json" ? body.callbackUrl : null;
  if (given === null) return null;
  const fault = (code: string, message: string) => validationFailed([{ path: "callback_url", code, message }]);
  if (apiKeyId === null) throw fault("not_allowed", "Only callers with an API key may name a callback.");
  try {
    return checkAddress(given, undefined, outgoingPolicy(ctx.env)).href;
  } catch (error) {
    if (errorCode(error) !== "validation_failed") throw error;
    throw fault("invalid_address", errorMessage(error));
  }
}

/** The files that came with a form, by the name of their field. */
async function broughtFiles(ctx: Context, { body }: AskedRun): Promise<ReadonlyMap<string, CheckedFile>> {
  const files = body.kind === "form" ? [...body.files] : [];
  return new Map(await Promise.all(files.map(async ([name, file]) => [name, await checkFile(ctx, file, `inputs.${name}`)] as const)));
}

function checkedInputs({ version, body }: AskedRun, brought: ReadonlyMap<string, CheckedFile>): Record<string, unknown> {
  const files = Object.fromEntries([...brought].map(([name, { id }]) => [name, id]));
  const given = body.kind === "form" ? { ...body.inputs, ...files } : body.inputs;
  const parsed = parseInputs(version.inputs, given, { coerce: body.kind === "form" });
  if (!parsed.ok) throw validationFailed(parsed.faults);
  return parsed.inputs;
}

async function keepFiles(ctx: Context, { route, session, apiKeyId, refund }: RunOrder, files: readonly CheckedFile[]): Promise<void> {
  const owner = { appId: route.appId, owner: apiKeyId ?? session.id };
  try {
    await Promise.all(files.map((file) => storeFile(ctx, route.workspaceId, owner, file)));
  } catch (error) {
    refund();
    throw error;
  }
}

/** A run that has been validated and admitted. */
interface ReadyRun {
  readonly kind: "ready";
  readonly order: RunOrder;
  readonly options: LaunchOptions;
  /** Files that came with the request and are not stored yet. */
  readonly brought: readonly CheckedFile[];
  readonly headers: LimitHeaders;
}

/** Where this isolate is: it stays in one data centre, and what the network says of a request is parsed anew for each. */
let here: string | undefined;
function placeHere(request: Request): string {
  here ??= placeOf(request.cf?.["colo"]);
  return here;
}

/**
 * Finds the run that the request's key has begun before, or makes a new one ready. Validates first and admits second: a
 * request that cannot run takes nothing from limits or quota, and neither does a repetition.
 */
async function prepareRun(ctx: Context, asked: AskedRun): Promise<GoingRun | ReadyRun> {
  const { visit, version, session, apiKeyId, key } = asked;
  const { route, request } = visit;
  const repeated = key === null ? null : await findRepeated(ctx, route.workspaceId, key);
  if (repeated !== null) return { kind: "going", runId: repeated, repeated: true, headers: {} };
  const callbackUrl = callbackOf(ctx, asked);
  const files = await broughtFiles(ctx, asked);
  const brought = [...files.values()];
  const reader = { appId: route.appId, owners: apiKeyId === null ? [session.id] : [apiKeyId, session.id] };
  const filed = await referToFiles(ctx, route.workspaceId, reader, version.inputs, checkedInputs(asked, files), brought);
  const ip = clientIp(request);
  const admission = await admit(ctx, route, { ip, sessionId: session.id, apiKeyId, slowed: visit.verdict.slowed && apiKeyId === null });
  if (!admission.ok) throw refusal(admission);
  const order = {
    route,
    version,
    inputs: filed.inputs,
    session,
    network: await networkName(ctx, ip),
    apiKeyId,
    place: placeHere(request),
    loadSecrets: () => loadSecrets(ctx, route.workspaceId),
    refund: admission.refund,
  };
  return { kind: "ready", order, options: { key, callbackUrl, files: filed.files }, brought, headers: admission.headers };
}

async function launch(ctx: Context, { order, options, brought, headers }: ReadyRun): Promise<GoingRun> {
  await keepFiles(ctx, order, brought);
  return { kind: "going", ...(await launchRun(ctx, order, options)), headers };
}

/** Whether a run needs an object of its own though nobody watches it: because it may take long, or must be found again. */
function isLasting({ version, preferences }: AskedRun, { key, callbackUrl, files }: LaunchOptions): boolean {
  const { plan, content, chatInput } = version;
  const outlives = plan.waits || content.config.concurrency !== undefined || chatInput !== null;
  return outlives || preferences.async || key !== null || callbackUrl !== null || files.length > 0;
}

/** Begins a run: within this request where that is enough. Throws what refuses it. */
export function beginRun(ctx: Context, asked: AskedRun): Promise<BegunRun> {
  return inCrowd(asked.visit.route.appId, () => begin(ctx, asked));
}

async function begin(ctx: Context, asked: AskedRun): Promise<BegunRun> {
  const prepared = await prepareRun(ctx, asked);
  if (prepared.kind === "going") return prepared;
  if (isLasting(asked, prepared.options)) return launch(ctx, prepared);
  const { order, headers } = prepared;
  return { kind: "answered", answer: await runNow(ctx, order), inputs: order.inputs, headers };
}

/** Begins a run that is to be watched. Throws what refuses it. */
export function beginWatchedRun(ctx: Context, asked: AskedRun): Promise<GoingRun> {
  return inCrowd(asked.visit.route.appId, async () => {
    const prepared = await prepareRun(ctx, asked);
    return prepared.kind === "going" ? prepared : launch(ctx, prepared);
  });
}
