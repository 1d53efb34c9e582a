import { data, Form } from "react-router";
import { z } from "zod";
import { readIfAllowed, readOne, readPage, writeOnly } from "../api/client.server.ts";
import { type Protection, protectionSchema, trafficEventSchema, visitorRuleSchema } from "../api/protection-schemas.ts";
import { ANOMALIES } from "../api/words.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Choice } from "../components/field.tsx";
import { Empty, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { AnomalyFields } from "../protection/anomaly-fields.tsx";
import { EventRows } from "../protection/event-rows.tsx";
import { readProtection, readRule } from "../protection/read-form.ts";
import { RuleForm } from "../protection/rule-form.tsx";
import { RuleRows } from "../protection/rule-rows.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/protection.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const intents = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("save") }),
  z.object({ intent: z.literal("add") }),
  z.object({ intent: z.literal("end"), row: z.string() }),
]);

const FLASHES = { save: "protection_saved", add: "rule_saved", end: "rule_ended" } as const;

const policyPath = (appId: string) => `/apps/${encodeURIComponent(appId)}/access-policy`;
const rulesPath = (workspaceId: string) => `/workspaces/${encodeURIComponent(workspaceId)}/visitor-rules`;

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const ofApp = `app_id=${encodeURIComponent(params.appId)}`;
  const events = `/workspaces/${encodeURIComponent(params.workspaceId)}/runtime-events?limit=25&${ofApp}`;
  const [policy, rules, found] = await Promise.all([
    readOne(visit, policyPath(params.appId), protectionSchema),
    readPage(visit, `${rulesPath(params.workspaceId)}${pageQuery(visit.url)}&${ofApp}`, visitorRuleSchema),
    readIfAllowed(visit, events, trafficEventSchema),
  ]);
  return { policy, rules, events: found };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const form = await readForm(request);
  const asked = intents.parse(form);
  const rules = rulesPath(params.workspaceId);
  const change = {
    save: () => ({ method: "PATCH", path: policyPath(params.appId), body: readProtection(form) }) as const,
    add: () => ({ method: "POST", path: rules, body: readRule(form, params.appId, Date.now()) }) as const,
    end: () => ({ method: "DELETE", path: `${rules}/${encodeURIComponent(form["row"] ?? "")}` }) as const,
  }[asked.intent]();
  const done = await writeOnly(visit, change);
  if (done.ok) return redirectWithFlash(visit, paths.protection(params.workspaceId, params.appId), FLASHES[asked.intent]);
  return data({ problem: done.problem, intent: asked.intent }, { status: done.problem.status });
}

export default function ProtectionPage({ loaderData: { policy, rules, events }, actionData }: Route.ComponentProps) {
  const { protection: text } = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const mayChange = may("apps:publish");
  const refused = actionData?.problem ?? null;
  const ofRule = actionData?.intent === "add" ? refused : null;
  return (
    <div className="flex max-w-4xl flex-col gap-8">
      <Title>{[text.title, app.name]}</Title>
      {refused ? <ProblemNote problem={refused} fields={ofRule ? ["match", "reason", "expires_at"] : []} /> : null}
      <Settings policy={policy} fixed={!mayChange || app.status === "archived"} />
      <section className="flex flex-col gap-3">
        <h2 className="text-base font-semibold">{text.rules}</h2>
        <p className="text-sm text-ink-soft">{text.rulesLead}</p>
        {rules.data.length === 0 ? (
          <Empty title={text.noRules} lead={text.noRulesLead} />
        ) : (
          <RuleRows rules={rules.data} mayEnd={mayChange} />
        )}
        <Pager next={rules.next_cursor} />
      </section>
      {mayChange ? <RuleForm key={rules.data.map(({ id }) => id).join()} problem={ofRule} /> : null}
      <EventRows events={events} />
    </div>
  );
}

function Settings({ policy, fixed }: { readonly policy: Protection; readonly fixed: boolean }) {
  const { protection: text } = useText();
  return (
    <Form method="post">
      <fieldset disabled={fixed} className="flex flex-col gap-6">
        <Card title={text.captcha}>
          <Choice
            type="checkbox"
            name="require_captcha"
            defaultChecked={policy.require_captcha}
            label={text.captchaAlways}
            about={text.captchaAbout}
          />
        </Card>
        <Card title={text.unusual} lead={text.unusualLead}>
          <div className="flex flex-col gap-6">
            {ANOMALIES.map((anomaly) => (
              <AnomalyFields key={anomaly} anomaly={anomaly} rule={policy.anomaly[anomaly]} />
            ))}
          </div>
        </Card>
        {fixed ? null : (
          <div>
            <Submit intent="save">{text.save}</Submit>
          </div>
        )}
      </fieldset>
    </Form>
  );
}
