import type { Context } from "#platform/context";
import { validationFailed } from "#platform/errors";
import {
  admit,
  CAPTCHA_HEADER,
  checkAmount,
  checkFile,
  type GivenFile,
  MAX_FILE_BYTES,
  MAX_UPLOAD_BYTES,
  openSession,
  requireOrigin,
  storeFile,
} from "#runtime";
import { mediaTypeOf, readBytes, readMultipart } from "../read-body.ts";
import { givenFile } from "./body.ts";
import { clientIp, refusal } from "./limits.ts";
import { prove } from "./prove.ts";
import { enter, sessionHeaders, type Visit } from "./visit.ts";

/** Bytes around the parts of a form. */
const FRAMING = 16 * 1024;
const FIELD = "file";

/** The name that a raw body comes with; it may be percent-encoded, as headers hold plain letters only. */
function headerName(request: Request): string {
  const name = request.headers.get("X-File-Name") ?? "file";
  try {
    return decodeURIComponent(name);
  } catch {
    // A plain name that happens to have a percent sign.
    return name;
  }
}

async function readForm(request: Request): Promise<GivenFile[]> {
  const entries = [...(await readMultipart(request, MAX_UPLOAD_BYTES + FRAMING)).entries()];
  const stray = entries.find(([name, value]) => name !== FIELD || typeof value === "string");
  if (stray) throw validationFailed([{ path: stray[0], code: "unexpected", message: `Send files, each as a part named ${FIELD}.` }]);
  const files = await Promise.all(entries.map(([, value]) => (typeof value === "string" ? null : givenFile(value))));
  return files.filter((file) => file !== null);
}

async function readUpload(request: Request): Promise<GivenFile[]> {
  const isForm = mediaTypeOf(request) === "multipart/form-data";
  const declared = request.headers.get("Content-Type") ?? "";
  const files = isForm
    ? await readForm(request)
    : [{ name: headerName(request), declared, bytes: await readBytes(request, MAX_FILE_BYTES) }];
  if (files.length === 0) throw validationFailed([{ path: FIELD, code: "required", message: "Send at least one file." }]);
  checkAmount(files.map(({ bytes }) => bytes.length));
  return files;
}

/** `POST …/files`: keeps files for a run to come, which names them by their ids. Throws what any step of it refuses. */
export async function uploadFiles(ctx: Context, visit: Visit): Promise<Response> {
  const { request, route } = visit;
  const caller = await enter(ctx, visit, "run");
  const { apiKeyId } = caller;
  requireOrigin(route, request);
  const opened = await openSession(ctx, route, request.headers);
  const session = await prove(ctx, visit, caller, opened, request.headers.get(CAPTCHA_HEADER));
  const visitor = { ip: clientIp(request), sessionId: session.id, apiKeyId, slowed: visit.verdict.slowed && apiKeyId === null };
  const admission = await admit(ctx, route, visitor, "upload");
  if (!admission.ok) throw refusal(admission);
  const given = await readUpload(request);
  const checked = await Promise.all(given.map((file) => checkFile(ctx, file)));
  const owner = { appId: route.appId, owner: apiKeyId ?? session.id };
  const data = await Promise.all(checked.map((file) => storeFile(ctx, route.workspaceId, owner, file)));
  const headers = { ...admission.headers, ...sessionHeaders(visit, session), "Cache-Control": "no-store" };
  return Response.json({ data }, { status: 201, headers });
}
