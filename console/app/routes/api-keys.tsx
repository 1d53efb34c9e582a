import { data, Form } from "react-router";
import { z } from "zod";
import { type Outcome, readPage, write, writeOnly } from "../api/client.server.ts";
import { type ApiKey, apiKeySchema, newApiKeySchema } from "../api/schemas.ts";
import { SCOPES } from "../api/words.ts";
import { Badge } from "../components/badge.tsx";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { OneTime } from "../components/code.tsx";
import { Confirm } from "../components/dialog.tsx";
import { TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { ProblemNote, Warning } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { sentForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/api-keys.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("create"), name: z.string().trim(), scopes: z.array(z.enum(SCOPES)) }),
  z.object({ intent: z.literal("rotate"), row: z.string() }),
  z.object({ intent: z.literal("revoke"), row: z.string() }),
]);

const keysPath = (workspaceId: string) => `/workspaces/${encodeURIComponent(workspaceId)}/api-keys`;

export async function loader({ params, context }: Route.LoaderArgs) {
  const { data: keys } = await readPage(context.get(visitContext), `${keysPath(params.workspaceId)}?limit=100`, apiKeySchema);
  return keys;
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const fields = await sentForm(request);
  const form = entries.parse({ ...Object.fromEntries(fields), scopes: fields.getAll("scopes") });
  const path = keysPath(params.workspaceId);
  if (form.intent === "create") {
    const { name, scopes } = form;
    if (scopes.length === 0) return data({ problem: null, key: null }, { status: 422 });
    return shownOnce(await write(visit, { method: "POST", path, body: { name, scopes } }, newApiKeySchema));
  }
  const one = `${path}/${encodeURIComponent(form.row)}`;
  if (form.intent === "rotate") return shownOnce(await write(visit, { method: "POST", path: `${one}/rotate`, body: {} }, newApiKeySchema));
  const revoked = await writeOnly(visit, { method: "DELETE", path: one });
  if (revoked.ok) return redirectWithFlash(visit, paths.keys(params.workspaceId), "key_revoked");
  return data({ problem: revoked.problem, key: null }, { status: revoked.problem.status });
}

/** A new key is an answer, not a place to go to: it is nowhere to be read again. */
function shownOnce(made: Outcome<z.infer<typeof newApiKeySchema>>) {
  return made.ok ? data({ problem: null, key: made.data }) : data({ problem: made.problem, key: null }, { status: made.problem.status });
}

export default function ApiKeys({ loaderData: keys, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  const columns: Column<ApiKey>[] = [
    {
      header: text.keys.name,
      kind: "title",
      cell: (key) => (
        <>
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            {key.name}
            {key.revoked_at === null ? null : <Badge>{text.keys.revoked}</Badge>}
          </span>
          <code className="font-mono text-xs font-normal text-ink-soft">{key.preview}…</code>
        </>
      ),
    },
    { header: text.keys.scopes, cell: (key) => <span className="font-mono text-xs leading-relaxed">{key.scopes.join(", ")}</span> },
    { header: text.keys.created, cell: (key) => <Moment at={key.created_at} day /> },
    { header: text.keys.used, cell: (key) => (key.last_used_at === null ? text.keys.never : <Moment at={key.last_used_at} />) },
    { header: text.app.more, kind: "actions", cell: (key) => (key.revoked_at === null ? <KeyActions apiKey={key} /> : null) },
  ];
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.keys.title, workspace.name]}</Title>
      <Heading title={text.keys.title} lead={text.keys.lead} />
      {actionData?.problem ? <ProblemNote problem={actionData.problem} /> : null}
      {actionData && !actionData.problem && !actionData.key ? <Warning>{text.keys.noScopes}</Warning> : null}
      {actionData?.key ? (
        <OneTime
          title={text.keys.newKey(actionData.key.name)}
          lead={text.keys.shownOnce}
          label={text.keys.key}
          value={actionData.key.key}
        />
      ) : null}
      {keys.length === 0 ? (
        <Empty title={text.keys.empty} lead={text.keys.emptyLead} />
      ) : (
        <Rows label={text.keys.title} columns={columns} items={keys} keyOf={({ id }) => id} />
      )}
      <NewKey key={actionData?.key?.id} />
    </div>
  );
}

function KeyActions({ apiKey }: { readonly apiKey: ApiKey }) {
  const text = useText();
  return (
    <span className="flex flex-wrap justify-end gap-1">
      <Confirm
        trigger={text.keys.rotate}
        look="quiet"
        title={text.keys.rotateTitle(apiKey.name)}
        body={text.keys.rotateBody}
        confirm={text.keys.rotate}
        intent="rotate"
        row={apiKey.id}
      />
      <Confirm
        trigger={text.keys.revoke}
        look="quiet"
        title={text.keys.revokeTitle(apiKey.name)}
        body={text.keys.revokeBody}
        confirm={text.keys.revoke}
        intent="revoke"
        row={apiKey.id}
        danger
      />
    </span>
  );
}

function NewKey() {
  const text = useText();
  const { may } = useWorkspace();
  return (
    <Card title={text.keys.create}>
      <Form method="post" className="flex flex-col gap-5">
        <div className="max-w-md">
          <TextField label={text.keys.name} hint={text.keys.nameHint} name="name" required maxLength={100} />
        </div>
        <fieldset>
          <legend className="text-sm font-medium">{text.keys.scopes}</legend>
          <div className="mt-2 grid gap-x-6 gap-y-2 sm:grid-cols-3">
            {SCOPES.filter(may).map((scope) => (
              <label key={scope} className="flex items-center gap-2.5 font-mono text-sm">
                <input type="checkbox" name="scopes" value={scope} defaultChecked={scope === "runs:create"} className="size-4" />
                {scope}
              </label>
            ))}
          </div>
        </fieldset>
        <div>
          <Submit intent="create">{text.keys.submit}</Submit>
        </div>
      </Form>
    </Card>
  );
}
