import { data, Form, redirect } from "react-router";
import { readSession } from "../api/auth.server.ts";
import { write } from "../api/client.server.ts";
import { workspaceSchema } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Entrance } from "../components/entrance.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/invitation.ts";

export async function loader({ params, context }: Route.LoaderArgs) {
  const user = await readSession(context.get(visitContext));
  if (!user) throw redirect(`/sign-in?next=${encodeURIComponent(`/invitations/${params.token}`)}`);
  return { email: user.email };
}

export async function action({ params, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const path = `/invitations/${encodeURIComponent(params.token)}/accept`;
  const outcome = await write(visit, { method: "POST", path, body: {} }, workspaceSchema);
  return outcome.ok
    ? redirectWithFlash(visit, paths.apps(outcome.data.id), "joined")
    : data(outcome.problem, { status: outcome.problem.status });
}

export default function Invitation({ loaderData, actionData }: Route.ComponentProps) {
  const text = useText();
  return (
    <Entrance title={text.invitation.title} lead={text.invitation.lead}>
      <Form method="post" className="flex flex-col gap-4">
        {actionData ? <ProblemNote problem={actionData} /> : null}
        <p className="rounded-xl bg-sunken px-4 py-3 text-sm">
          <span className="text-ink-soft">{text.auth.account}: </span>
          {loaderData.email}
        </p>
        <Submit intent="accept">{text.invitation.accept}</Submit>
      </Form>
    </Entrance>
  );
}
