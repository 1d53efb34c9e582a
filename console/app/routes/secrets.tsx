import { data, Form } from "react-router";
import { z } from "zod";
import { readPage, writeOnly } from "../api/client.server.ts";
import { faultAt } from "../api/problem.ts";
import { type Secret, secretSchema } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Confirm } from "../components/dialog.tsx";
import { TextArea, TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/secrets.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.discriminatedUnion("intent", [
  // A value is kept as it was typed; only the line ends of forms become those of a file.
  z.object({ intent: z.literal("set"), name: z.string().trim(), value: z.string().transform((value) => value.replaceAll("\r\n", "\n")) }),
  z.object({ intent: z.literal("delete"), row: z.string() }),
]);

const secretsPath = (workspaceId: string) => `/workspaces/${encodeURIComponent(workspaceId)}/secrets`;

export function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  return readPage(visit, `${secretsPath(params.workspaceId)}${pageQuery(visit.url)}`, secretSchema);
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const form = entries.parse(await readForm(request));
  const path = secretsPath(params.workspaceId);
  const page = paths.secrets(params.workspaceId);
  if (form.intent === "delete") {
    const deleted = await writeOnly(visit, { method: "DELETE", path: `${path}/${encodeURIComponent(form.row)}` });
    if (deleted.ok) return redirectWithFlash(visit, page, "secret_deleted");
    return data({ problem: deleted.problem, name: "" }, { status: deleted.problem.status });
  }
  const { name, value } = form;
  const saved = await writeOnly(visit, { method: "POST", path, body: { name, value } });
  if (saved.ok) return redirectWithFlash(visit, page, "secret_saved");
  return data({ problem: saved.problem, name }, { status: saved.problem.status });
}

export default function Secrets({ loaderData: page, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  const columns: Column<Secret>[] = [
    { header: text.secrets.name, kind: "title", cell: ({ name }) => <code className="font-mono text-sm break-all">{name}</code> },
    { header: text.secrets.changed, cell: ({ updated_at }) => <Moment at={updated_at} /> },
    {
      header: text.app.more,
      kind: "actions",
      cell: ({ name }) => (
        <Confirm
          trigger={text.secrets.delete}
          look="quiet"
          title={text.secrets.deleteTitle(name)}
          body={text.secrets.deleteBody}
          confirm={text.secrets.delete}
          intent="delete"
          row={name}
          danger
        />
      ),
    },
  ];
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.secrets.title, workspace.name]}</Title>
      <Heading title={text.secrets.title} lead={text.secrets.lead} />
      {actionData ? <ProblemNote problem={actionData.problem} fields={["name", "value"]} /> : null}
      {page.data.length === 0 ? (
        <Empty title={text.secrets.empty} lead={text.secrets.emptyLead} />
      ) : (
        <Rows label={text.secrets.title} columns={columns} items={page.data} keyOf={({ name }) => name} />
      )}
      <Pager next={page.next_cursor} />
      <Card title={text.secrets.add}>
        {/* A saved secret's form starts anew: its value must not stay on the page. */}
        <Form
          method="post"
          key={page.data.map(({ name, updated_at }) => name + updated_at).join()}
          className="flex max-w-md flex-col gap-5"
        >
          <TextField
            label={text.secrets.name}
            hint={text.secrets.nameHint}
            error={faultAt(actionData?.problem, "name")}
            name="name"
            required
            maxLength={64}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            defaultValue={actionData?.name}
          />
          <TextArea
            label={text.secrets.value}
            hint={text.secrets.valueHint}
            error={faultAt(actionData?.problem, "value")}
            name="value"
            required
            rows={2}
            autoComplete="off"
            spellCheck={false}
          />
          <div>
            <Submit intent="set">{text.secrets.submit}</Submit>
          </div>
        </Form>
      </Card>
    </div>
  );
}
