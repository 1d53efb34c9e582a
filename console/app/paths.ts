import type { TriggerType } from "./api/words.ts";

/** Addresses of the console's pages. */
export const paths = {
  workspace: (workspaceId: string) => `/workspaces/${workspaceId}`,
  apps: (workspaceId: string) => `/workspaces/${workspaceId}/apps`,
  newApp: (workspaceId: string) => `/workspaces/${workspaceId}/apps/new`,
  members: (workspaceId: string) => `/workspaces/${workspaceId}/members`,
  keys: (workspaceId: string) => `/workspaces/${workspaceId}/api-keys`,
  secrets: (workspaceId: string) => `/workspaces/${workspaceId}/secrets`,
  letters: (workspaceId: string) => `/workspaces/${workspaceId}/dead-letters`,
  database: (workspaceId: string) => `/workspaces/${workspaceId}/database`,
  databaseTable: (workspaceId: string, table: string) => `/workspaces/${workspaceId}/database/${encodeURIComponent(table)}`,
  usage: (workspaceId: string) => `/workspaces/${workspaceId}/usage`,
  settings: (workspaceId: string) => `/workspaces/${workspaceId}/settings`,
  app: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}`,
  appState: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/state`,
  publish: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/publish`,
  test: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/test`,
  triggers: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/triggers`,
  newTrigger: (workspaceId: string, appId: string, type: TriggerType) => `/workspaces/${workspaceId}/apps/${appId}/triggers/new/${type}`,
  trigger: (workspaceId: string, appId: string, triggerId: string) => `/workspaces/${workspaceId}/apps/${appId}/triggers/${triggerId}`,
  versions: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/versions`,
  versionDownload: (workspaceId: string, appId: string, versionId: string) =>
    `/workspaces/${workspaceId}/apps/${appId}/versions/${versionId}/download`,
  access: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/access`,
  protection: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/protection`,
  runs: (workspaceId: string, appId: string) => `/workspaces/${workspaceId}/apps/${appId}/runs`,
  run: (workspaceId: string, appId: string, runId: string) => `/workspaces/${workspaceId}/apps/${appId}/runs/${runId}`,
};
