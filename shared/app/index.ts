/** Apps: their manifests, drafts, versions and publication, and the routes that visitors reach them by. It runs nothing. */

export { digestOf } from "#platform/canonical";
export { type AccessPolicyView, getAccessPolicy, patchAccessPolicy, readPasswordHash } from "./access-policy.ts";
export { anomalyRulesOf } from "./anomaly-policies.ts";
export type { AppRoute, AppStatus, VersionContent } from "./app-route.ts";
export { type App, type AppPatch, createApp, deleteApp, getApp, listApps, type NewApp, updateApp } from "./apps.ts";
export { authorizeApp } from "./authorize.ts";
export type { Difference } from "./diff.ts";
export { type Draft, getManifest, putDraft, type RunnableDraft, readRunnableDraft } from "./drafts.ts";
export { readEndedSessions, revokeSession } from "./ended-sessions.ts";
export { ACCESS_MODES, type AccessMode, type DataClassification, isModeAllowed } from "./manifest/access-modes.ts";
export {
  type AccessPolicy,
  type AccessPolicyPatch,
  accessPolicyPatchSchema,
  accessPolicySchema,
  type RateLimit,
} from "./manifest/access-policy.ts";
export type { AnomalyAction, AnomalyRules } from "./manifest/anomaly-rules.ts";
export type { AppConfig } from "./manifest/config.ts";
export { descriptionSchema, type Manifest, manifestSchema, nameSchema } from "./manifest/manifest.ts";
export { FIELD_TYPES, type UiAction, type UiBlock, type UiField, type UiResultView } from "./manifest/ui-blocks.ts";
export type { UiSchema } from "./manifest/ui-schema.ts";
export { type ValidatedManifest, validateManifest } from "./manifest/validate.ts";
export { type MigrationRequest, migrateDatabase } from "./migrate.ts";
export { readNewApp, requireManifest } from "./new-app.ts";
export { archive, type PublishRequest, publish, rollback, unpublish } from "./publish.ts";
export { type AppAddress, findPublishedVersion, findRoute, readVersion } from "./routes.ts";
export { listRuntimeEvents, type RuntimeEventView } from "./runtime-events.ts";
export { slugSchema } from "./slugs.ts";
export {
  appConfigSchema as appTriggerConfigSchema,
  type NewTrigger,
  newTriggerSchema,
  scheduleConfigSchema,
  type TriggerChanges,
  triggerChangesSchema,
  webhookConfigSchema,
} from "./triggers/config.ts";
export { findWebhook, fireSchedules, noteFired, readFiringTrigger } from "./triggers/due.ts";
export { fillInputs } from "./triggers/inputs.ts";
export { openTriggerSecret, rotateSigningSecret, sealedSigningSecrets, signingSecret } from "./triggers/signing.ts";
export {
  createTrigger,
  deleteTrigger,
  getTrigger,
  listTriggers,
  rotateTriggerSecret,
  type Trigger,
  type TriggerRow,
  type TriggerWithSecret,
  updateTrigger,
} from "./triggers/triggers.ts";
export { createVersion, diffVersions, getVersion, listVersions, type Version, type VersionWithManifest } from "./versions.ts";
export { type AutomaticRule, enforceForAWhile, forgetVisitorRules } from "./visitor-rules/automatic.ts";
export { type RouteRule, routeRuleSchema } from "./visitor-rules/in-force.ts";
export {
  deleteVisitorRule,
  listVisitorRules,
  newVisitorRuleSchema,
  setVisitorRule,
  type VisitorRule,
  visitorRuleSchema,
} from "./visitor-rules/rules.ts";
