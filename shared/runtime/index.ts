/** Runtime: what visitors get. It resolves, decides, admits, runs and records; it never changes an app. */
export { networkName } from "./admission/client-network.ts";
export { inCrowd } from "./admission/crowd.ts";
export { quotaMessage } from "./admission/headers.ts";
export { type Admission, admit } from "./admission/index.ts";
export { shieldLookUp } from "./admission/shield.ts";
export { watchTraffic } from "./anomalies/watch.ts";
export { acceptedRun, answerOf, hasEnded, type RunAnswer } from "./answer.ts";
export { appView, type PageSetting } from "./app-view.ts";
export { type BroughtProof, CAPTCHA_HEADER, requireHuman } from "./captcha/require-human.ts";
export { captchaOrigin } from "./captcha/turnstile.ts";
export { conversationName, forgetConversation, readConversation } from "./conversation/conversation.ts";
export { earlierTurns } from "./conversation/earlier-turns.ts";
export { answerText } from "./conversation/turn.ts";
export type { CookieSetting } from "./cookies.ts";
export { corsHeaders, preflightResponse, requireOrigin, requireOwnOrigin } from "./cors.ts";
export { deleteRunFolder, filesOf } from "./durable/files.ts";
export { type DurableOrder, durableOrderSchema } from "./durable/order.ts";
export {
  type DurableStart,
  type DurableStarted,
  durableRun,
  findKeyedRun,
  isDurableRunId,
  type RunKey,
  startDurable,
} from "./durable/start.ts";
export { beginHandOff, endHandOff, issueCode, redeemCode } from "./entry/hand-off.ts";
export { pathWithin } from "./entry/own-path.ts";
export { checkPassword, endPassword, knowsPassword, passwordCookie } from "./entry/password.ts";
export { endSignIn, type Place, readSignIn, signInCookie } from "./entry/sign-in.ts";
export type { GivenFile } from "./files/inspect.ts";
export { MAX_FILE_BYTES, MAX_UPLOAD_BYTES } from "./files/limits.ts";
export { referToFiles } from "./files/references.ts";
export { deleteExpiredUploads } from "./files/sweep.ts";
export { type CheckedFile, checkAmount, checkFile, storeFile } from "./files/upload.ts";
export { idempotencyKeyOf, runKey, sessionSeed } from "./idempotency.ts";
export { findRepeated, type LaunchedRun, type LaunchOptions, launchRun } from "./launch.ts";
export { Lru } from "./lru.ts";
export { answerQuestion, findQuestion } from "./members/answer.ts";
export { cancelRun } from "./members/cancel.ts";
export { type FoundMemberRun, findRunOf, nodeLogsOf } from "./members/find.ts";
export { previewOver } from "./members/preview.ts";
export { endVisitorSession, getSession, listSessions } from "./members/sessions.ts";
export { type BegunRun, type Debugging, type MemberStart, readBegunRun, replayRun, startTestRun, unknownRun } from "./members/start.ts";
export { pageHeaders } from "./page/headers.ts";
export { renderAppPage, renderKeyPage, renderMessagePage, renderPasswordPage } from "./page/render.tsx";
export { errorText, localeOf } from "./page/texts.ts";
export type { PageState } from "./page/view.ts";
export { outboxName, placeOf, placeOfRun } from "./place.ts";
export {
  type Caller,
  decide,
  enforce,
  frameAncestors,
  humanSince,
  mayAskForCaptcha,
  needsPassword,
  needsSignIn,
  type Purpose,
} from "./policy.ts";
export { type Preferences, patienceOf, preferencesOf } from "./preferences.ts";
export { findRun, type Reader, type VisitorRun } from "./read-run.ts";
export { endRecord } from "./record.ts";
export type { RouteAddress } from "./routes.ts";
export { type RunOrder, runNow } from "./run.ts";
export { durableRunName } from "./run-id.ts";
export { atVersion, loadVersion, resolveRoute } from "./serving.ts";
export { endSession, openSession, SESSION_HEADER, sessionCookie, type VisitorSession } from "./session.ts";
export { type CallbackView, listCallbacks } from "./triggers/callbacks.ts";
export { type DeadLetter, listDeadLetters, replayDeadLetter, storeDeadLetter } from "./triggers/dead-letters.ts";
export { deliver } from "./triggers/deliver.ts";
export { forgetDeliveries, offerDeliveries } from "./triggers/deliveries.ts";
export { executionsMessageSchema } from "./triggers/messages.ts";
export { noteEnds } from "./triggers/owed.ts";
export { receiveWebhook } from "./triggers/webhook.ts";
export type { ServedVersion } from "./versions.ts";
export { type Arrival, judgeVisitor } from "./visitors/judge.ts";
export type { Verdict } from "./visitors/matcher.ts";
export { streamRun, type Watching, watchAsMember, watchHead, watchRun } from "./watch/watch-run.ts";
