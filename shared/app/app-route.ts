import type { DbSchema } from "#database";
import type { Workflow } from "#execution";
import type { AccessPolicy } from "./manifest/access-policy.ts";
import type { AppConfig } from "./manifest/config.ts";
import type { UiSchema } from "./manifest/ui-schema.ts";
import type { RouteRule } from "./visitor-rules/in-force.ts";

export type AppStatus = "draft" | "published" | "unpublished" | "archived";

/** All that is needed to decide on a visitor's request before the version is read. Plain JSON: it is kept in caches. */
export interface AppRoute {
  readonly workspaceId: string;
  readonly workspaceSlug: string;
  /** Where the workspace's own objects are. */
  readonly region: string;
  readonly appId: string;
  readonly appSlug: string;
  readonly name: string;
  readonly description: string;
  readonly status: AppStatus;
  readonly versionId: string | null;
  readonly versionNumber: number | null;
  /** Raised by everything that changes what visitors get. */
  readonly epoch: number;
  readonly accessPolicy: AccessPolicy;
  /** Which password of the app lets in; 0 where there never was one. */
  readonly passwordGeneration: number;
  /** What befalls visitors who match; those of the workspace among them. A rule may have ended since. */
  readonly visitorRules: readonly RouteRule[];
  /** Ids of visitors whose sessions members have ended, while a token of theirs may still be about. */
  readonly endedSessions: readonly string[];
}

/** What a version serves. Immutable, plain JSON. */
export interface VersionContent {
  readonly versionId: string;
  readonly number: number;
  readonly name: string;
  readonly description: string;
  readonly workflow: Workflow;
  readonly ui_schema: UiSchema;
  readonly db_schema: DbSchema;
  readonly config: AppConfig;
}
