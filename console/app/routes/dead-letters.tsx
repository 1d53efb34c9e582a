import { data, Form, Link } from "react-router";
import { z } from "zod";
import { readIfAllowed, readPage, writeOnly } from "../api/client.server.ts";
import { appSchema } from "../api/schemas.ts";
import { type DeadLetter, deadLetterSchema } from "../api/trigger-schemas.ts";
import { Submit } from "../components/button.tsx";
import { Code } from "../components/code.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/dead-letters.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({ row: entry });

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const workspace = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const [page, apps] = await Promise.all([
    readPage(visit, `${workspace}/dead-letters${pageQuery(visit.url)}`, deadLetterSchema),
    readIfAllowed(visit, `${workspace}/apps?limit=100`, appSchema),
  ]);
  return { page, names: Object.fromEntries(apps.map(({ id, name }) => [id, name])) };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { row } = entries.parse(await readForm(request));
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/dead-letters/${encodeURIComponent(row)}/replay`;
  const replayed = await writeOnly(visit, { method: "POST", path });
  if (replayed.ok) return redirectWithFlash(visit, paths.letters(params.workspaceId), "letter_replayed");
  return data(replayed.problem, { status: replayed.problem.status });
}

export default function DeadLetters({ loaderData: { page, names }, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace, may } = useWorkspace();
  const columns: Column<DeadLetter>[] = [
    {
      header: text.letters.kind,
      kind: "title",
      cell: (letter) => (
        <>
          {text.letters.kinds[letter.kind]}
          <Owner letter={letter} name={letter.app_id === null ? undefined : names[letter.app_id]} />
        </>
      ),
    },
    { header: text.letters.error, cell: (letter) => <Reason letter={letter} /> },
    { header: text.letters.attempts, kind: "number", cell: ({ attempts }) => attempts },
    { header: text.letters.created, cell: ({ created_at }) => <Moment at={created_at} /> },
    {
      header: text.app.more,
      kind: "actions",
      cell: ({ id }) =>
        may("runs:manage") ? (
          <Form method="post">
            <input type="hidden" name="row" value={id} />
            <Submit intent="replay" row={id} look="secondary">
              {text.letters.replay}
            </Submit>
          </Form>
        ) : null,
    },
  ];
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.letters.title, workspace.name]}</Title>
      <Heading title={text.letters.title} lead={text.letters.lead} />
      {actionData ? <ProblemNote problem={actionData} /> : null}
      {page.data.length === 0 ? (
        <Empty title={text.letters.empty} lead={text.letters.emptyLead} />
      ) : (
        <Rows label={text.letters.title} columns={columns} items={page.data} keyOf={({ id }) => id} />
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}

/** The app and the run that a letter is about, as far as it is about any. */
function Owner({ letter, name }: { readonly letter: DeadLetter; readonly name: string | undefined }) {
  const text = useText();
  const { workspace } = useWorkspace();
  if (letter.app_id === null) return null;
  const link = "text-accent underline underline-offset-4";
  return (
    <span className="mt-0.5 flex flex-wrap gap-x-3 text-sm font-normal">
      <Link to={paths.app(workspace.id, letter.app_id)} className={link}>
        {name ?? letter.app_id}
      </Link>
      {letter.run_id === null ? null : (
        <Link to={paths.run(workspace.id, letter.app_id, letter.run_id)} className={link}>
          {text.letters.run}
        </Link>
      )}
    </span>
  );
}

function Reason({ letter }: { readonly letter: DeadLetter }) {
  const text = useText();
  return (
    <div className="min-w-0 sm:max-w-md">
      <p className="wrap-anywhere">{letter.error || text.none}</p>
      <details className="mt-1 text-start">
        <summary className="text-sm text-ink-soft hover:text-ink">{text.letters.payload}</summary>
        <div className="mt-2">
          <Code label={text.letters.payload} value={letter.payload} />
        </div>
      </details>
    </div>
  );
}
