import { index, type RouteConfig, route } from "@react-router/dev/routes";

export default [
  index("routes/home.ts"),
  route("sign-in", "routes/sign-in.tsx"),
  route("sign-up", "routes/sign-up.tsx"),
  route("sign-out", "routes/sign-out.ts"),
  route("language", "routes/language.ts"),
  route("invitations/:token", "routes/invitation.tsx"),
  route("workspaces/new", "routes/new-workspace.tsx"),
  route("workspaces/:workspaceId", "routes/workspace.tsx", [
    index("routes/workspace-home.ts"),
    route("apps", "routes/apps.tsx"),
    route("apps/new", "routes/new-app.tsx"),
    route("apps/:appId", "routes/app.tsx", [
      index("routes/manifest.tsx"),
      route("publish", "routes/publish.tsx"),
      route("state", "routes/app-state.tsx"),
      route("versions", "routes/versions.tsx"),
      route("access", "routes/access.tsx"),
      route("runs", "routes/runs.tsx"),
      route("runs/:runId", "routes/run.tsx"),
    ]),
    route("apps/:appId/versions/:versionId/download", "routes/version-download.ts"),
    route("members", "routes/members.tsx"),
    route("api-keys", "routes/api-keys.tsx"),
    route("usage", "routes/usage.tsx"),
    route("settings", "routes/settings.tsx"),
  ]),
  route("*", "routes/not-found.ts"),
] satisfies RouteConfig;
