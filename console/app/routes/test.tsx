import { data, Form, redirect } from "react-router";
import { z } from "zod";
import { write } from "../api/client.server.ts";
import { Submit } from "../components/button.tsx";
import { Empty, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { readForm } from "../form.ts";
import { catalogue } from "../i18n/locale.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { readRun } from "../run/read-run.server.ts";
import { BeginFields } from "../test/begin-fields.tsx";
import { readDraft, type TestedDraft } from "../test/draft.server.ts";
import { enteredFrom, InputFields } from "../test/input-fields.tsx";
import { readTestForm } from "../test/read-test-form.ts";
import { TestResult } from "../test/test-result.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/test.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const runInputs = z.record(z.string(), z.unknown()).catch({});

/*
 * The page's address holds what it shows: `run` is the test that was run last, `based` the run that a test begins from, and
 * `what` where it begins. So a reload shows the same, with scripts or without.
 */

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const { searchParams } = visit.url;
  const read = (runId: string | null) => (runId === null ? null : readRun(visit, params, runId));
  const [draft, tested, based] = await Promise.all([
    readDraft(visit, params.appId),
    read(searchParams.get("run")),
    read(searchParams.get("based")),
  ]);
  const inputs = runInputs.parse((tested ?? based)?.run.inputs);
  return {
    draft,
    tested,
    based,
    what: searchParams.get("what") ?? "",
    entered: enteredFrom(draft.inputs, inputs),
    once: crypto.randomUUID(),
  };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const form = await readForm(request);
  const draft = await readDraft(visit, params.appId);
  const test = readTestForm(form, draft.inputs, catalogue(visit.locale));
  const refused = { entered: form, once: crypto.randomUUID() };
  if (!test.ok) return data({ ...refused, problem: test.problem }, { status: test.problem.status });
  const path = `/apps/${encodeURIComponent(params.appId)}/test-runs`;
  const change = { method: "POST", path, body: test.body, idempotencyKey: form["once"] ?? "", respondAsync: true } as const;
  const begun = await write(visit, change, z.object({ run_id: z.string() }));
  if (!begun.ok) return data({ ...refused, problem: begun.problem }, { status: begun.problem.status });
  const { what = "", based = "" } = form;
  const query = new URLSearchParams({ run: begun.data.run_id, ...(what === "" ? {} : { what }), ...(based === "" ? {} : { based }) });
  return redirect(`${paths.test(params.workspaceId, params.appId)}?${query}`);
}

export default function TestPage({ loaderData, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { tested } = loaderData;
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.test.title, app.name]}</Title>
      <p className="text-sm text-ink-soft">{text.test.lead}</p>
      <div className="grid items-start gap-6 *:min-w-0 lg:grid-cols-[minmax(20rem,2fr)_3fr]">
        <TestForm {...loaderData} refused={actionData} />
        {tested === null ? <Empty title={text.test.empty} lead={text.test.emptyLead} /> : <TestResult key={tested.run.id} {...tested} />}
      </div>
    </div>
  );
}

type TestFormProps = Route.ComponentProps["loaderData"] & { readonly refused: Route.ComponentProps["actionData"] };

/** Where in a test the fields go. */
function fieldsOf({ inputs }: TestedDraft): string[] {
  return ["pinned", "from_node", "only_node", ...inputs.map(({ name }) => `inputs.${name}`)];
}

function TestForm({ draft, tested, based, what, entered, once, refused }: TestFormProps) {
  const text = useText();
  const { may } = useWorkspace();
  const begun = { form: refused?.entered ?? entered, problem: refused?.problem };
  return (
    <Form method="post" preventScrollReset className="rounded-2xl border border-line bg-surface p-4 sm:p-6">
      <fieldset disabled={!may("apps:edit")} className="flex flex-col gap-5">
        <input type="hidden" name="once" value={refused?.once ?? once} />
        {begun.problem ? <ProblemNote problem={begun.problem} fields={fieldsOf(draft)} /> : null}
        <InputFields inputs={draft.inputs} entered={begun.form} problem={begun.problem} />
        {/* Another beginning is another form; what was typed above stays. */}
        <BeginFields
          key={`${based?.run.id} ${what}`}
          draft={draft}
          what={refused?.entered["what"] ?? what}
          pinned={refused?.entered["pinned"]}
          based={based === null ? null : { id: based.run.id, nodes: based.nodes }}
          problem={begun.problem}
        />
        {may("apps:edit") ? (
          <div>
            <Submit intent="test">{tested === null ? text.test.submit : text.test.again}</Submit>
          </div>
        ) : (
          <p className="text-sm text-ink-soft">{text.test.readOnly}</p>
        )}
      </fieldset>
    </Form>
  );
}
