import type { ReactNode } from "react";
import { data, Form, Link, Outlet, redirect, useRouteLoaderData } from "react-router";
import { readSession } from "../api/auth.server.ts";
import { readOne, readPage } from "../api/client.server.ts";
import { type Workspace, workspaceSchema } from "../api/schemas.ts";
import { Mark } from "../components/brand.tsx";
import { ClosedNotice } from "../components/closed-notice.tsx";
import { LanguageSwitch } from "../components/language-switch.tsx";
import { Menu } from "../components/menu.tsx";
import { Refusal } from "../components/refusal.tsx";
import { Tabs } from "../components/tabs.tsx";
import { readCookie, WORKSPACE_COOKIE, writeCookie, YEAR } from "../cookies.ts";
import { useText } from "../i18n/use-text.ts";
import { pagePath } from "../own-path.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/workspace.ts";

export { shouldRevalidate } from "../around.ts";

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const [user, workspace, all] = await Promise.all([
    readSession(visit),
    readOne(visit, `/workspaces/${encodeURIComponent(params.workspaceId)}`, workspaceSchema),
    readPage(visit, "/workspaces?limit=100", workspaceSchema),
  ]);
  if (!user) throw redirect(`/sign-in?next=${encodeURIComponent(pagePath(visit.url))}`);
  if (readCookie(visit.headers, WORKSPACE_COOKIE) !== workspace.id) {
    visit.setCookies.push(writeCookie(visit.url, WORKSPACE_COOKIE, workspace.id, YEAR));
  }
  return { user, workspace, workspaces: all.data, now: Date.now() };
}

/** The workspace around the page, and whether the visitor may do something in it. */
export function useWorkspace(): { readonly workspace: Workspace; readonly userId: string; readonly may: (permission: string) => boolean } {
  const around = useRouteLoaderData<typeof loader>("routes/workspace");
  if (!around) throw data({ code: "not_found", requestId: "" }, { status: 404 });
  const { workspace, user } = around;
  return { workspace, userId: user.id, may: (permission) => workspace.permissions.includes(permission) };
}

export default function WorkspacePage({ loaderData }: Route.ComponentProps) {
  return (
    <Shell around={loaderData}>
      <Outlet />
    </Shell>
  );
}

type Around = Route.ComponentProps["loaderData"];

function Shell({ around, children }: { readonly around: Around; readonly children: ReactNode }) {
  const { workspace } = around;
  const text = useText();
  const may = (permission: string) => workspace.permissions.includes(permission);
  // What is there to be changed alone is not shown while nothing can be.
  const mayNow = (permission: string) => workspace.status === "active" && may(permission);
  const tabs = [
    { to: paths.apps(workspace.id), label: text.nav.apps, shown: true },
    { to: paths.members(workspace.id), label: text.nav.members, shown: mayNow("members:read") },
    { to: paths.keys(workspace.id), label: text.nav.keys, shown: mayNow("api_keys:manage") },
    { to: paths.secrets(workspace.id), label: text.nav.secrets, shown: mayNow("secrets:manage") },
    { to: paths.letters(workspace.id), label: text.nav.letters, shown: may("runs:read") },
    { to: paths.database(workspace.id), label: text.nav.database, shown: may("database:read") },
    { to: paths.usage(workspace.id), label: text.nav.usage, shown: may("billing:read") },
    { to: paths.billing(workspace.id), label: text.nav.billing, shown: may("billing:read") },
    { to: paths.audit(workspace.id), label: text.nav.audit, shown: may("audit:read") },
    { to: paths.settings(workspace.id), label: text.nav.settings, shown: true },
  ];
  return (
    <>
      <header className="border-b border-line bg-surface">
        <div className="mx-auto max-w-6xl px-4 sm:px-6">
          <div className="flex h-14 items-center gap-2">
            <Link to={paths.apps(workspace.id)} aria-label={text.product} className="me-1 rounded-lg">
              <Mark />
            </Link>
            <WorkspaceMenu workspace={workspace} workspaces={around.workspaces} />
            <span className="flex-1" />
            <AccountMenu name={around.user.name} email={around.user.email} />
          </div>
          <Tabs label={text.nav.label} tabs={tabs.filter(({ shown }) => shown)} />
        </div>
      </header>
      <main id="main" className="mx-auto max-w-6xl px-4 pt-6 pb-20 sm:px-6 sm:pt-8">
        <ClosedNotice workspace={workspace} mayRestore={may("workspace:delete")} now={around.now} />
        {children}
      </main>
    </>
  );
}

function WorkspaceMenu({ workspace, workspaces }: { readonly workspace: Workspace; readonly workspaces: readonly Workspace[] }) {
  const text = useText();
  return (
    <Menu label={text.nav.switch} shown={workspace.name}>
      {workspaces.map(({ id, name, slug }) => (
        <li key={id}>
          <Link
            to={paths.apps(id)}
            aria-current={id === workspace.id ? "true" : undefined}
            className={`${ITEM} aria-[current]:bg-accent-soft`}
          >
            <span className="block truncate font-medium">{name}</span>
            <span className="block truncate text-xs text-ink-soft">{slug}</span>
          </Link>
        </li>
      ))}
      <li className="mt-1 border-t border-line pt-1">
        <Link to="/workspaces/new" className={ITEM}>
          {text.nav.newWorkspace}
        </Link>
      </li>
    </Menu>
  );
}

function AccountMenu({ name, email }: { readonly name: string; readonly email: string }) {
  const text = useText();
  return (
    <Menu label={text.auth.account} shown={name} end>
      <li className="px-3 py-2">
        <span className="block truncate text-sm font-medium">{name}</span>
        <span className="block truncate text-xs text-ink-soft">{email}</span>
      </li>
      <li className="border-t border-line px-1 py-2">
        <LanguageSwitch />
      </li>
      <li className="border-t border-line pt-1">
        <Form method="post" action="/sign-out">
          <button type="submit" className={`${ITEM} w-full text-start`}>
            {text.auth.signOut}
          </button>
        </Form>
      </li>
    </Menu>
  );
}

const ITEM = "block rounded-lg px-3 py-2 text-sm hover:bg-sunken";

/** What goes wrong in a part of the workspace leaves the way to the other parts open. */
export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  const around = useRouteLoaderData<typeof loader>("routes/workspace");
  if (!around)
    return (
      <main id="main" className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center px-6 py-16">
        <Refusal error={error} />
      </main>
    );
  return (
    <Shell around={around}>
      <div className="mx-auto max-w-lg py-16">
        <Refusal error={error} />
      </div>
    </Shell>
  );
}
