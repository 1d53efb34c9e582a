import { data, Form } from "react-router";
import { z } from "zod";
import { readPage, write, writeOnly } from "../api/client.server.ts";
import { invitationSchema, type Member, memberSchema, type Role, roleSchema } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { OneTime } from "../components/code.tsx";
import { Confirm } from "../components/dialog.tsx";
import { SelectField, TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/members.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("invite"), email: entry, role_id: entry }),
  z.object({ intent: z.literal("role"), row: entry, role_id: entry }),
  z.object({ intent: z.literal("remove"), row: entry }),
]);

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const [members, roles] = await Promise.all([
    readPage(visit, `${path}/members?limit=100`, memberSchema),
    readPage(visit, `${path}/roles?limit=100`, roleSchema),
  ]);
  // There is one owner; that changes by a transfer, not by a role.
  return { members: members.data, roles: roles.data.filter(({ is_system, name }) => !(is_system && name === "owner")) };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const workspace = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const form = entries.parse(await readForm(request));
  if (form.intent === "invite") {
    const { email, role_id } = form;
    const made = await write(visit, { method: "POST", path: `${workspace}/invitations`, body: { email, role_id } }, invitationSchema);
    if (!made.ok) return data({ problem: made.problem, invitation: null }, { status: made.problem.status });
    const link = `${visit.url.origin}/invitations/${encodeURIComponent(made.data.token)}`;
    return data({ problem: null, invitation: { email: made.data.email, link } });
  }
  const path = `${workspace}/members/${encodeURIComponent(form.row)}`;
  const changed = await writeOnly(
    visit,
    form.intent === "role" ? { method: "PATCH", path, body: { role_id: form.role_id } } : { method: "DELETE", path },
  );
  if (!changed.ok) return data({ problem: changed.problem, invitation: null }, { status: changed.problem.status });
  return redirectWithFlash(visit, paths.members(params.workspaceId), form.intent === "role" ? "member_changed" : "member_removed");
}

export default function Members({ loaderData: { members, roles }, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace, userId, may } = useWorkspace();
  const manages = may("members:manage");
  const columns: Column<Member>[] = [
    { header: text.members.person, kind: "title", cell: (member) => <Person member={member} isYou={member.user_id === userId} /> },
    { header: text.members.role, cell: (member) => (manages ? <RoleForm member={member} roles={roles} /> : member.role) },
    { header: text.members.since, cell: (member) => <Moment at={member.created_at} day /> },
    {
      header: text.app.more,
      kind: "actions",
      cell: (member) => (manages && member.role !== "owner" ? <RemoveMember member={member} /> : null),
    },
  ];
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.members.title, workspace.name]}</Title>
      <Heading title={text.members.title} lead={text.members.lead} />
      {actionData?.problem ? <ProblemNote problem={actionData.problem} /> : null}
      {actionData?.invitation ? (
        <OneTime
          title={text.members.linkTitle(actionData.invitation.email)}
          lead={text.members.linkLead}
          label={text.members.link}
          value={actionData.invitation.link}
        />
      ) : null}
      <Rows label={text.members.title} columns={columns} items={members} keyOf={({ id }) => id} />
      {manages ? <Invite key={actionData?.invitation?.link} roles={roles} /> : null}
    </div>
  );
}

function Person({ member, isYou }: { readonly member: Member; readonly isYou: boolean }) {
  const text = useText();
  return (
    <>
      <span className="block">
        {member.name}
        {isYou ? <span className="font-normal text-ink-soft"> ({text.you})</span> : null}
      </span>
      <span className="block text-sm font-normal break-all text-ink-soft">{member.email}</span>
    </>
  );
}

function RoleForm({ member, roles }: { readonly member: Member; readonly roles: readonly Role[] }) {
  const text = useText();
  if (member.role === "owner") return member.role;
  return (
    <Form method="post" className="flex items-center gap-1">
      <input type="hidden" name="row" value={member.id} />
      <SelectField key={member.role_id} label={text.members.changeRole(member.name)} hideLabel name="role_id" defaultValue={member.role_id}>
        {roles.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <Submit intent="role" row={member.id} look="quiet">
        {text.actions.change}
      </Submit>
    </Form>
  );
}

function RemoveMember({ member }: { readonly member: Member }) {
  const text = useText();
  return (
    <Confirm
      trigger={text.actions.remove}
      look="quiet"
      title={text.members.removeTitle(member.name)}
      body={text.members.removeBody}
      confirm={text.actions.remove}
      intent="remove"
      row={member.id}
      danger
    />
  );
}

function Invite({ roles }: { readonly roles: readonly Role[] }) {
  const text = useText();
  const usual = roles.find(({ name }) => name === "member") ?? roles[0];
  return (
    <Card title={text.members.invite} lead={text.members.inviteLead}>
      <Form method="post" className="grid gap-4 sm:grid-cols-[1fr_12rem_auto] sm:items-end">
        <TextField label={text.members.email} name="email" type="email" required autoComplete="off" />
        <SelectField label={text.members.role} name="role_id" defaultValue={usual?.id}>
          {roles.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <Submit intent="invite" className="sm:min-h-[2.4rem]">
          {text.members.submit}
        </Submit>
      </Form>
    </Card>
  );
}
