import { data, Link, Outlet, useRouteLoaderData } from "react-router";
import { readIfAllowed, readOne } from "../api/client.server.ts";
import { type App, appSchema, runSummarySchema } from "../api/schemas.ts";
import { AppStatus } from "../components/badge.tsx";
import { ButtonLink } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Tabs } from "../components/tabs.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/app.ts";
import { useWorkspace } from "./workspace.tsx";

export { shouldRevalidate } from "../around.ts";

/** Waiting runs that are counted; of more it is only said that there are more. */
const COUNTED = 9;

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = `/apps/${encodeURIComponent(params.appId)}`;
  const [app, waiting] = await Promise.all([
    readOne(visit, path, appSchema),
    readIfAllowed(visit, `${path}/runs?status=waiting&limit=${COUNTED + 1}`, runSummarySchema),
  ]);
  return { app, waiting: waiting.length };
}

/** The app around the page. */
export function useApp(): App {
  const around = useRouteLoaderData<typeof loader>("routes/app");
  if (!around) throw data({ code: "not_found", requestId: "" }, { status: 404 });
  return around.app;
}

export default function AppPage({ loaderData: { app, waiting } }: Route.ComponentProps) {
  const text = useText();
  const { workspace, may } = useWorkspace();
  const tabs = [
    { to: paths.app(workspace.id, app.id), label: text.app.manifest, end: true },
    ...(may("apps:edit") ? [{ to: paths.test(workspace.id, app.id), label: text.app.test }] : []),
    { to: paths.triggers(workspace.id, app.id), label: text.app.triggers },
    { to: paths.domains(workspace.id, app.id), label: text.app.domains },
    { to: paths.versions(workspace.id, app.id), label: text.app.versions },
    { to: paths.access(workspace.id, app.id), label: text.app.access },
    ...(may("billing:read") ? [{ to: paths.budget(workspace.id, app.id), label: text.app.budget }] : []),
    { to: paths.protection(workspace.id, app.id), label: text.app.protection },
    { to: paths.sessions(workspace.id, app.id), label: text.app.sessions },
    { to: paths.runs(workspace.id, app.id), label: text.app.runs, ...(waiting > 0 ? { note: waitingNote(waiting, text) } : {}) },
  ];
  return (
    <div className="flex flex-col gap-6">
      <div>
        <Link to={paths.apps(workspace.id)} className="text-sm text-ink-soft hover:text-ink hover:underline">
          ← {text.apps.title}
        </Link>
        <div className="mt-2 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
          <div className="min-w-0 flex-1 basis-72">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <h1 className="text-2xl font-semibold tracking-tight text-balance">{app.name}</h1>
              <AppStatus status={app.status} />
            </div>
            {app.description ? <p className="mt-1 text-sm text-ink-soft">{app.description}</p> : null}
            <PublicLink app={app} />
          </div>
          <StateButtons app={app} workspaceId={workspace.id} />
        </div>
      </div>
      <div className="border-b border-line">
        <Tabs label={text.app.tabs} tabs={tabs} />
      </div>
      <Outlet />
    </div>
  );
}

/** Tells that somebody may have to answer. */
function waitingNote(waiting: number, text: Catalogue): string {
  return text.runs.waitingCount(waiting > COUNTED ? `${COUNTED}+` : String(waiting));
}

function PublicLink({ app }: { readonly app: App }) {
  const text = useText();
  const live = app.status === "published" && app.current_version;
  if (!live) return <p className="mt-2 text-sm text-ink-soft">{text.app.notPublished}</p>;
  return (
    <p className="mt-2 flex flex-wrap gap-x-3 text-sm">
      <span className="text-ink-soft">{text.app.live(live.number)}</span>
      <a
        href={app.public_url}
        target="_blank"
        rel="noopener"
        className="min-w-0 font-medium break-all text-accent underline underline-offset-4"
      >
        {app.public_url.replace(/^https?:\/\//, "")} <span aria-hidden="true">↗</span>
      </a>
    </p>
  );
}

function StateButtons({ app, workspaceId }: { readonly app: App; readonly workspaceId: string }) {
  const text = useText();
  const { may } = useWorkspace();
  if (!may("apps:publish") || app.status === "archived") return null;
  const action = paths.appState(workspaceId, app.id);
  return (
    <div className="flex flex-wrap gap-2">
      {app.status === "published" ? (
        <Confirm
          trigger={text.app.unpublish}
          title={text.app.unpublishTitle}
          body={text.app.unpublishBody}
          confirm={text.app.unpublish}
          intent="unpublish"
          action={action}
          danger
        />
      ) : null}
      {app.status === "unpublished" ? (
        <Confirm
          trigger={text.app.archive}
          title={text.app.archiveTitle}
          body={text.app.archiveBody}
          confirm={text.app.archive}
          intent="archive"
          action={action}
          danger
        />
      ) : null}
      <ButtonLink look="primary" to={paths.publish(workspaceId, app.id)}>
        {text.app.publish}
      </ButtonLink>
    </div>
  );
}
