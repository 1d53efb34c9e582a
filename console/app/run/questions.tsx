import { Form, useLocation } from "react-router";
import { faultAt } from "../api/problem.ts";
import type { Member, Question, Run } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Choice, TextArea, TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useWorkspace } from "../routes/workspace.tsx";
import type { RunActed } from "./act-on-run.server.ts";
import { fieldName } from "./answer-form.ts";

interface QuestionsProps {
  readonly run: Run;
  /** Of the workspace the page is in. */
  readonly workspaceId: string;
  /** The members whom it asks, as far as they are known. */
  readonly asked: readonly Member[];
  readonly acted: RunActed | undefined;
}

/** What a run has asked people, each question as a form. */
export function Questions({ run, workspaceId, asked, acted }: QuestionsProps) {
  const questions = run.waiting ?? [];
  if (questions.length === 0) return null;
  const action = paths.run(workspaceId, run.app_id, run.id);
  return questions.map((question) => (
    <QuestionCard
      key={question.node_id}
      question={question}
      action={action}
      asked={asked}
      refused={acted?.about === "question" && acted.node === question.node_id ? acted : undefined}
    />
  ));
}

interface QuestionCardProps {
  readonly question: Question;
  readonly action: string;
  readonly asked: readonly Member[];
  readonly refused: (RunActed & { about: "question" }) | undefined;
}

function QuestionCard({ question, action, asked, refused }: QuestionCardProps) {
  const text = useText();
  const mine = useMine(question, asked);
  const { pathname, search } = useLocation();
  const { node_id: node } = question;
  return (
    <section aria-label={question.title} className="rounded-2xl border border-warn/50 bg-warn-soft p-4 sm:p-6">
      <p className="text-xs font-medium text-warn">
        {text.questions.title} · <code className="font-mono">{node}</code>
      </p>
      <h2 className="mt-1 text-base font-semibold whitespace-pre-line wrap-anywhere">{question.title}</h2>
      <Terms question={question} asked={asked} />
      {mine ? (
        <Form method="post" action={action} className="mt-4 flex flex-col gap-4">
          <input type="hidden" name="row" value={node} />
          <input type="hidden" name="next" value={`${pathname}${search}`} />
          {refused ? <ProblemNote problem={refused.problem} fields={question.fields.map(({ name }) => `fields.${name}`)} /> : null}
          {question.fields.map((field) => (
            <AnswerField key={field.name} field={field} refused={refused} />
          ))}
          <div className="flex flex-wrap gap-2">
            <Submit intent="approved" row={node}>
              {text.questions.approve}
            </Submit>
            {/* A rejection may leave everything open. */}
            <Submit intent="rejected" row={node} look="danger" formNoValidate>
              {text.questions.reject}
            </Submit>
          </div>
        </Form>
      ) : (
        <p className="mt-4 text-sm text-ink-soft">{text.questions.notYours}</p>
      )}
    </section>
  );
}

function memberNamed(members: readonly Member[], name: string): Member | undefined {
  const wanted = name.toLowerCase();
  return members.find(({ id, email }) => id.toLowerCase() === wanted || email.toLowerCase() === wanted);
}

/** Whether a question is the visitor's to answer: by their role, their id or their e-mail address; without names, by what they may. */
function useMine({ to }: Question, asked: readonly Member[]): boolean {
  const { workspace, userId, may } = useWorkspace();
  if (to.length === 0) return may("runs:manage");
  return to.some((name) => name.toLowerCase() === workspace.role?.toLowerCase() || memberNamed(asked, name)?.user_id === userId);
}

/** Who may answer, and until when. */
function Terms({ question: { to, asked_at, expires_at }, asked }: Pick<QuestionCardProps, "question" | "asked">) {
  const text = useText();
  const roles: Readonly<Record<string, string>> = text.roles;
  const who =
    to.length === 0
      ? text.questions.anybody
      : to.map((name) => memberNamed(asked, name)?.name ?? roles[name.toLowerCase()] ?? name).join(", ");
  return (
    <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1 text-sm *:flex *:flex-wrap *:gap-x-1.5">
      <div>
        <dt className="text-ink-soft">{text.questions.by}</dt>
        <dd className="wrap-anywhere">{who}</dd>
      </div>
      <div>
        <dt className="text-ink-soft">{text.questions.asked}</dt>
        <dd>
          <Moment at={asked_at} />
        </dd>
      </div>
      <div>
        <dt className="text-ink-soft">{text.questions.expires}</dt>
        <dd>
          <Moment at={expires_at} />
        </dd>
      </div>
    </dl>
  );
}

interface AnswerFieldProps {
  readonly field: Question["fields"][number];
  readonly refused: QuestionCardProps["refused"];
}

function AnswerField({ field: { name, label, type, required }, refused }: AnswerFieldProps) {
  const key = fieldName(name);
  const entered = refused?.entered[key];
  const common = { label, name: key, required, error: faultAt(refused?.problem, `fields.${name}`), defaultValue: entered };
  switch (type) {
    case "boolean":
      return <Choice type="checkbox" name={key} label={label} defaultChecked={entered === "on"} />;
    case "text":
      return <TextArea {...common} rows={3} />;
    case "number":
      return <TextField {...common} type="number" step="any" inputMode="decimal" />;
    case "string":
      return <TextField {...common} />;
  }
}
