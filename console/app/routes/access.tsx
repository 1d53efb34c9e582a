import { data, Form } from "react-router";
import { readAccessForm } from "../access-form.ts";
import { readOne, writeOnly } from "../api/client.server.ts";
import { type AccessPolicy, accessPolicySchema, type Limit } from "../api/schemas.ts";
import { ACCESS_MODES, DATA_CLASSIFICATIONS } from "../api/words.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Choice, SelectField, TextArea, TextField } from "../components/field.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote, Warning } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/access.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const policyPath = (appId: string) => `/apps/${encodeURIComponent(appId)}/access-policy`;

export function loader({ params, context }: Route.LoaderArgs) {
  return readOne(context.get(visitContext), policyPath(params.appId), accessPolicySchema);
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const body = readAccessForm(await readForm(request));
  if (body === undefined) return data({ problem: null }, { status: 422 });
  const saved = await writeOnly(visit, { method: "PATCH", path: policyPath(params.appId), body });
  if (saved.ok) return redirectWithFlash(visit, paths.access(params.workspaceId, params.appId), "access_saved");
  return data({ problem: saved.problem }, { status: saved.problem.status });
}

export default function Access({ loaderData: policy, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const fixed = !may("apps:publish") || app.status === "archived";
  return (
    <Form method="post" className="group max-w-3xl">
      <Title>{[text.access.title, app.name]}</Title>
      <fieldset disabled={fixed} className="flex flex-col gap-6">
        {actionData ? (
          actionData.problem ? (
            <ProblemNote problem={actionData.problem} />
          ) : (
            <Warning>{text.access.incomplete}</Warning>
          )
        ) : null}
        <Modes policy={policy} />
        <Classification policy={policy} />
        <Card title={text.access.limits} lead={text.access.limitsLead}>
          <div className="flex flex-col gap-4">
            <LimitFields name="per_ip" label={text.access.perIp} limit={policy.rate_limit.per_ip} />
            <LimitFields name="per_session" label={text.access.perSession} limit={policy.rate_limit.per_session} />
            <LimitFields name="per_key" label={text.access.perKey} limit={policy.rate_limit.per_key} />
            <LimitFields name="per_app" label={text.access.perApp} limit={policy.rate_limit.per_app} />
          </div>
        </Card>
        <Card>
          <TextArea
            label={text.access.origins}
            hint={text.access.originsHint}
            name="allowed_origins"
            rows={3}
            spellCheck={false}
            defaultValue={policy.allowed_origins.join("\n")}
          />
        </Card>
        {fixed ? null : (
          <div>
            <Submit intent="save">{text.access.save}</Submit>
          </div>
        )}
      </fieldset>
    </Form>
  );
}

function Modes({ policy }: { readonly policy: AccessPolicy }) {
  const text = useText();
  return (
    <Card title={text.access.mode} lead={text.access.lead}>
      <div role="radiogroup" aria-label={text.access.mode} className="grid gap-2 sm:grid-cols-2">
        {ACCESS_MODES.map((mode) => (
          <Choice
            key={mode}
            type="radio"
            name="access_mode"
            value={mode}
            defaultChecked={mode === policy.access_mode}
            label={text.access.modes[mode].name}
            about={text.access.modes[mode].about}
          />
        ))}
      </div>
      <div className="mt-4 hidden max-w-md group-has-[[value=password]:checked]:block">
        <TextField
          label={text.access.password}
          hint={policy.password_set ? text.access.passwordKept : text.access.passwordNeeded}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
        />
      </div>
    </Card>
  );
}

function Classification({ policy }: { readonly policy: AccessPolicy }) {
  const text = useText();
  return (
    <Card>
      <div className="max-w-md">
        <SelectField
          label={text.access.classification}
          hint={text.access.classificationHint}
          name="data_classification"
          defaultValue={policy.data_classification}
        >
          {DATA_CLASSIFICATIONS.map((each) => (
            <option key={each} value={each}>
              {text.access.classifications[each]}
            </option>
          ))}
        </SelectField>
      </div>
    </Card>
  );
}

function LimitFields({ name, label, limit }: { readonly name: string; readonly label: string; readonly limit: Limit }) {
  const text = useText();
  return (
    <fieldset className="grid grid-cols-2 gap-3 sm:grid-cols-[10rem_1fr_1fr] sm:items-end">
      <legend className="sr-only">{label}</legend>
      <span aria-hidden="true" className="col-span-2 text-sm font-medium sm:col-span-1 sm:pb-2.5">
        {label}
      </span>
      <TextField
        label={text.access.requests}
        name={`${name}_requests`}
        type="number"
        min={1}
        step={1}
        inputMode="numeric"
        defaultValue={limit?.max_requests}
      />
      <TextField
        label={text.access.seconds}
        name={`${name}_seconds`}
        type="number"
        min={1}
        max={86_400}
        step={1}
        inputMode="numeric"
        defaultValue={limit?.window_seconds}
      />
    </fieldset>
  );
}
