import { data, Form, useSearchParams } from "react-router";
import { z } from "zod";
import { write } from "../api/client.server.ts";
import { appSchema } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { FaultList } from "../components/fault-list.tsx";
import { Choice, TextArea, TextField } from "../components/field.tsx";
import { Heading, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { catalogue } from "../i18n/locale.ts";
import { useText } from "../i18n/use-text.ts";
import { placeFaults, syntaxFaults } from "../manifest/faults.ts";
import { isTemplateName, manifestFrom, TEMPLATE_NAMES } from "../manifest/templates.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/new-app.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({ intent: entry, template: entry, name: entry, manifest: z.string().default(""), once: entry });

export function loader() {
  return { once: crypto.randomUUID() };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const form = entries.parse(await readForm(request));
  const pasted = form.intent === "paste";
  const faults = pasted ? syntaxFaults(form.manifest, catalogue(visit.locale)) : [];
  if (faults.length > 0) return data({ problem: null, faults, ...form, once: crypto.randomUUID() }, { status: 422 });

  const template = isTemplateName(form.template) ? form.template : "blank";
  const body: unknown = pasted ? JSON.parse(form.manifest) : manifestFrom(template, form.name);
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/apps`;
  const made = await write(visit, { method: "POST", path, body, idempotencyKey: form.once }, appSchema);
  if (made.ok) return redirectWithFlash(visit, paths.app(params.workspaceId, made.data.id), "app_created");
  const placed = pasted ? placeFaults(form.manifest, made.problem.faults) : [];
  return data({ problem: made.problem, faults: placed, ...form, once: crypto.randomUUID() }, { status: made.problem.status });
}

export default function NewApp({ loaderData, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  const [search] = useSearchParams();
  const wanted = actionData?.template || search.get("template");
  const chosen = isTemplateName(wanted) ? wanted : "leads";
  const pasted = actionData?.intent === "paste" ? actionData : undefined;
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-6">
      <Title>{[text.newApp.title, workspace.name]}</Title>
      <Heading title={text.newApp.title} lead={text.newApp.lead} />
      <Card>
        <Form method="post" className="flex flex-col gap-5">
          <input type="hidden" name="once" value={actionData?.once ?? loaderData.once} />
          {actionData?.problem && !pasted ? <ProblemNote problem={actionData.problem} /> : null}
          <fieldset className="flex flex-col gap-2">
            <legend className="mb-2 text-sm font-medium">{text.newApp.template}</legend>
            {TEMPLATE_NAMES.map((name) => (
              <Choice
                key={name}
                type="radio"
                name="template"
                value={name}
                defaultChecked={name === chosen}
                label={text.newApp.templates[name].name}
                about={text.newApp.templates[name].about}
              />
            ))}
          </fieldset>
          <TextField label={text.newApp.name} hint={text.newApp.nameHint} name="name" maxLength={80} defaultValue={actionData?.name} />
          <div>
            <Submit intent="template">{text.newApp.fromTemplate}</Submit>
          </div>
        </Form>
      </Card>
      <Card title={text.newApp.paste} lead={text.newApp.pasteLead}>
        <Form method="post" className="flex flex-col gap-4">
          <input type="hidden" name="once" value={actionData?.once ?? loaderData.once} />
          {pasted?.problem ? <ProblemNote problem={pasted.problem}>{null}</ProblemNote> : null}
          {pasted && pasted.faults.length > 0 ? <FaultList faults={pasted.faults} /> : null}
          <TextArea label={text.newApp.manifest} name="manifest" rows={10} required spellCheck={false} defaultValue={pasted?.manifest} />
          <div>
            <Submit intent="paste" look="secondary">
              {text.newApp.fromManifest}
            </Submit>
          </div>
        </Form>
      </Card>
    </div>
  );
}
