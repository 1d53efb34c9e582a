import { type AppRoute, accessPolicySchema } from "#app";

/** The route of a published app that is open to anyone, with what a test has to say of it. */
export function publishedRoute(changes: Partial<AppRoute> = {}): AppRoute {
  return {
    workspaceId: "wrk_1",
    workspaceSlug: "acme",
    region: "auto",
    appId: "app_1",
    appSlug: "desk",
    name: "Desk",
    description: "",
    status: "published",
    versionId: "apv_1",
    versionNumber: 1,
    epoch: 1,
    accessPolicy: accessPolicySchema.parse({ access_mode: "public_anonymous" }),
    passwordGeneration: 0,
    visitorRules: [],
    endedSessions: [],
    ...changes,
  };
}
