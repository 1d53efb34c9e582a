import { data, Form, Link } from "react-router";
import { write } from "../api/client.server.ts";
import { newTriggerSchema } from "../api/trigger-schemas.ts";
import { TRIGGER_TYPES, type TriggerType } from "../api/words.ts";
import { ButtonLink, Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { OneTime } from "../components/code.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { sentForm } from "../form.ts";
import { catalogue } from "../i18n/locale.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { readOffers } from "../triggers/offers.server.ts";
import { readTriggerForm } from "../triggers/read-trigger-form.ts";
import { TRIGGER_PATHS, TriggerFields } from "../triggers/trigger-fields.tsx";
import { WebhookSecret } from "../triggers/webhook-secret.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/new-trigger.ts";
import { useApp } from "./app.tsx";

function typeOf(word: string): TriggerType {
  const type = TRIGGER_TYPES.find((each) => each === word);
  if (type === undefined) throw data({ code: "not_found", requestId: "" }, { status: 404 });
  return type;
}

export async function loader({ params, context }: Route.LoaderArgs) {
  const type = typeOf(params.type);
  const offers = await readOffers(context.get(visitContext), type, params.workspaceId, params.appId);
  return { type, offers, once: crypto.randomUUID() };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const type = typeOf(params.type);
  const form = await sentForm(request);
  const { entered, ...read } = readTriggerForm(type, form, catalogue(visit.locale));
  if (!read.ok) return data({ entered, problem: read.problem, once: crypto.randomUUID(), made: null }, { status: 422 });
  const path = `/apps/${encodeURIComponent(params.appId)}/triggers`;
  const once = form.get("once");
  const body = { type, ...read.body };
  const made = await write(
    visit,
    { method: "POST", path, body, ...(typeof once === "string" ? { idempotencyKey: once } : {}) },
    newTriggerSchema,
  );
  if (!made.ok) return data({ entered, problem: made.problem, once: crypto.randomUUID(), made: null }, { status: made.problem.status });
  const { url, secret } = made.data;
  // A webhook's secret is an answer, not a place to go to: it is nowhere to be read again.
  if (url !== null && secret !== undefined) return data({ entered, problem: null, once: "", made: { url, secret } });
  return redirectWithFlash(visit, paths.triggers(params.workspaceId, params.appId), "trigger_created");
}

export default function NewTrigger({ loaderData: { type, offers, once }, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const made = actionData?.made;
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <Title>{[text.triggers.newTitle[type], app.name]}</Title>
      <Link to={paths.triggers(app.workspace_id, app.id)} className="self-start text-sm text-ink-soft hover:text-ink hover:underline">
        ← {text.triggers.all}
      </Link>
      {made ? (
        <MadeWebhook {...made} />
      ) : (
        <Card title={text.triggers.newTitle[type]} lead={text.triggers.types[type].about}>
          <Form method="post" className="flex flex-col gap-5">
            <input type="hidden" name="once" value={actionData?.once ?? once} />
            {actionData?.problem ? <ProblemNote problem={actionData.problem} fields={TRIGGER_PATHS} /> : null}
            <TriggerFields type={type} offers={offers} entered={actionData?.entered} problem={actionData?.problem ?? undefined} />
            <div>
              <Submit intent="create">{text.triggers.create}</Submit>
            </div>
          </Form>
        </Card>
      )}
    </div>
  );
}

function MadeWebhook({ url, secret }: { readonly url: string; readonly secret: string }) {
  const text = useText();
  const app = useApp();
  return (
    <>
      <OneTime title={text.triggers.madeTitle} lead={text.triggers.madeLead} label={text.triggers.address} value={url} />
      <WebhookSecret url={url} secret={secret} />
      <div>
        <ButtonLink to={paths.triggers(app.workspace_id, app.id)}>{text.triggers.done}</ButtonLink>
      </div>
    </>
  );
}
