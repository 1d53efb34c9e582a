import { Link } from "react-router";
import { readPage } from "../api/client.server.ts";
import { type App, appSchema } from "../api/schemas.ts";
import { AppStatus } from "../components/badge.tsx";
import { ButtonLink } from "../components/button.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/apps.ts";
import { useWorkspace } from "./workspace.tsx";

export function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  return readPage(visit, `/workspaces/${encodeURIComponent(params.workspaceId)}/apps${pageQuery(visit.url)}`, appSchema);
}

export default function Apps({ loaderData: page }: Route.ComponentProps) {
  const text = useText();
  const { workspace, may } = useWorkspace();
  const columns: Column<App>[] = [
    {
      header: text.apps.name,
      kind: "title",
      cell: (app) => (
        <>
          <Link to={paths.app(workspace.id, app.id)} className="font-medium hover:text-accent hover:underline">
            {app.name}
          </Link>
          {app.description ? <span className="block truncate text-sm font-normal text-ink-soft sm:max-w-md">{app.description}</span> : null}
        </>
      ),
    },
    { header: text.apps.status, cell: (app) => <AppStatus status={app.status} /> },
    { header: text.apps.version, cell: (app) => (app.current_version ? text.apps.versionNumber(app.current_version.number) : text.none) },
    { header: text.apps.updated, cell: (app) => <Moment at={app.updated_at} /> },
  ];
  const create = (
    <ButtonLink look="primary" to={paths.newApp(workspace.id)}>
      {text.apps.create}
    </ButtonLink>
  );
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.apps.title, workspace.name]}</Title>
      <Heading title={text.apps.title} lead={text.apps.lead}>
        {may("apps:create") && page.data.length > 0 ? create : null}
      </Heading>
      {page.data.length === 0 ? (
        <Empty title={text.apps.emptyTitle} lead={text.apps.emptyLead}>
          {may("apps:create") ? <TemplateLinks workspaceId={workspace.id} /> : null}
        </Empty>
      ) : (
        <Rows label={text.apps.title} columns={columns} items={page.data} keyOf={(app) => app.id} />
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}

/** The templates as the first thing a new workspace offers. */
function TemplateLinks({ workspaceId }: { readonly workspaceId: string }) {
  const text = useText();
  return (
    <ul className="mx-auto grid max-w-3xl gap-3 text-start sm:grid-cols-3">
      {(["leads", "summary", "blank"] as const).map((name) => (
        <li key={name}>
          <Link
            to={`${paths.newApp(workspaceId)}?template=${name}`}
            className="block h-full rounded-xl border border-line bg-surface p-4 hover:border-accent"
          >
            <span className="block text-sm font-medium">{text.newApp.templates[name].name}</span>
            <span className="mt-1 block text-sm text-ink-soft">{text.newApp.templates[name].about}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
