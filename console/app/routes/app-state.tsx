import { data, redirect } from "react-router";
import { writeOnly } from "../api/client.server.ts";
import { ButtonLink } from "../components/button.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type FlashKey, redirectWithFlash } from "../flash.ts";
import { readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/app-state.ts";
import { useApp } from "./app.tsx";

const DONE: Readonly<Record<string, FlashKey>> = { unpublish: "unpublished", archive: "archived" };

export function loader({ params }: Route.LoaderArgs) {
  return redirect(paths.app(params.workspaceId, params.appId));
}

/** Takes an app out of service. */
export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { intent = "" } = await readForm(request);
  const done = DONE[intent];
  const page = paths.app(params.workspaceId, params.appId);
  if (done === undefined) return redirect(page);
  const outcome = await writeOnly(visit, { method: "POST", path: `/apps/${encodeURIComponent(params.appId)}/${intent}`, body: {} });
  return outcome.ok ? redirectWithFlash(visit, page, done) : data(outcome.problem, { status: outcome.problem.status });
}

/** Only seen when the change was refused. */
export default function AppState({ actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  return (
    <div className="flex flex-col items-start gap-4">
      <Title>{[text.app.stateTitle, app.name]}</Title>
      {actionData ? <ProblemNote problem={actionData} /> : null}
      <ButtonLink to={paths.app(app.workspace_id, app.id)}>{text.app.manifest}</ButtonLink>
    </div>
  );
}
