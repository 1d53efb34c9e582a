/** Runtime: what visitors get. It resolves, decides, admits, runs and records; it never changes an app. */
export { type Admission, admit } from "./admission/index.ts";
export type { RunAnswer } from "./answer.ts";
export { appView, type PageSetting } from "./app-view.ts";
export { corsHeaders, preflightResponse, requireOrigin } from "./cors.ts";
export { deleteExpiredUploads } from "./files/sweep.ts";
export { Lru } from "./lru.ts";
export { pageHeaders } from "./page/headers.ts";
export { renderAppPage, renderMessagePage } from "./page/render.tsx";
export { localeOf } from "./page/texts.ts";
export type { PageState } from "./page/view.ts";
export { placeOf } from "./place.ts";
export { type Caller, decide, enforce, frameAncestors, needsMember, type Purpose } from "./policy.ts";
export { readRun } from "./read-run.ts";
export type { RouteAddress } from "./routes.ts";
export { type RunOrder, runNow, streamRun } from "./run.ts";
export { loadVersion, resolveRoute } from "./serving.ts";
export { openSession, SESSION_HEADER, sessionCookie, type VisitorSession } from "./session.ts";
export type { ServedVersion } from "./versions.ts";
