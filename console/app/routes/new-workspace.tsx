import { data, Form, redirect } from "react-router";
import { z } from "zod";
import { readSession } from "../api/auth.server.ts";
import { write } from "../api/client.server.ts";
import { workspaceSchema } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Entrance } from "../components/entrance.tsx";
import { TextField } from "../components/field.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/new-workspace.ts";

const entries = z.object({ name: entry, slug: entry, once: entry });

export async function loader({ context }: Route.LoaderArgs) {
  if (!(await readSession(context.get(visitContext)))) throw redirect("/sign-in?next=/workspaces/new");
  return { once: crypto.randomUUID() };
}

export async function action({ request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { name, slug, once } = entries.parse(await readForm(request));
  const body = slug === "" ? { name } : { name, slug };
  const made = await write(visit, { method: "POST", path: "/workspaces", body, idempotencyKey: once }, workspaceSchema);
  if (made.ok) return redirectWithFlash(visit, paths.apps(made.data.id), "workspace_created");
  return data({ problem: made.problem, name, slug, once: crypto.randomUUID() }, { status: made.problem.status });
}

export default function NewWorkspace({ loaderData, actionData }: Route.ComponentProps) {
  const text = useText();
  return (
    <Entrance title={text.newWorkspace.title} lead={text.newWorkspace.lead}>
      <Form method="post" className="flex flex-col gap-4">
        <input type="hidden" name="once" value={actionData?.once ?? loaderData.once} />
        {actionData ? <ProblemNote problem={actionData.problem} /> : null}
        <TextField label={text.newWorkspace.name} name="name" required maxLength={100} defaultValue={actionData?.name} />
        <TextField
          label={text.newWorkspace.slug}
          hint={text.newWorkspace.slugHint}
          name="slug"
          pattern="[a-z0-9][a-z0-9\-]*"
          maxLength={63}
          autoCapitalize="none"
          defaultValue={actionData?.slug}
        />
        <Submit intent="create" className="mt-2">
          {text.newWorkspace.submit}
        </Submit>
      </Form>
    </Entrance>
  );
}
