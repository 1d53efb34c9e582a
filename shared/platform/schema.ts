export * from "./schema/apps.ts";
export * from "./schema/billing.ts";
export * from "./schema/identity.ts";
export * from "./schema/runs.ts";
export * from "./schema/triggers.ts";
export * from "./schema/visitor-rules.ts";
export * from "./schema/workspaces.ts";
