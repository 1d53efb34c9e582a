import { data, Form } from "react-router";
import { z } from "zod";
import { readIfAllowed, readPage, type Write, write, writeOnly } from "../api/client.server.ts";
import {
  type Invitation,
  invitationSchema,
  type Member,
  memberSchema,
  newInvitationSchema,
  type Role,
  roleSchema,
} from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { OneTime } from "../components/code.tsx";
import { Confirm } from "../components/dialog.tsx";
import { SelectField, TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { type FlashKey, redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import type { Catalogue } from "../i18n/en.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/members.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("invite"), email: entry, role_id: entry }),
  z.object({ intent: z.literal("role"), row: entry, role_id: entry }),
  z.object({ intent: z.literal("remove"), row: entry }),
  z.object({ intent: z.literal("withdraw"), row: entry }),
]);

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const [members, roles, invitations] = await Promise.all([
    readPage(visit, `${path}/members?limit=100`, memberSchema),
    readPage(visit, `${path}/roles?limit=100`, roleSchema),
    readIfAllowed(visit, `${path}/invitations?limit=100`, invitationSchema),
  ]);
  // There is one owner; that changes by a transfer, not by a role.
  return { members: members.data, roles: roles.data.filter(({ is_system, name }) => !(is_system && name === "owner")), invitations };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const workspace = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const form = entries.parse(await readForm(request));
  if (form.intent === "invite") {
    const { email, role_id } = form;
    const made = await write(visit, { method: "POST", path: `${workspace}/invitations`, body: { email, role_id } }, newInvitationSchema);
    if (!made.ok) return data({ problem: made.problem, invitation: null }, { status: made.problem.status });
    const link = `${visit.url.origin}/invitations/${encodeURIComponent(made.data.token)}`;
    return data({ problem: null, invitation: { email: made.data.email, link } });
  }
  const { change, done } = changeOf(workspace, form);
  const changed = await writeOnly(visit, change);
  if (!changed.ok) return data({ problem: changed.problem, invitation: null }, { status: changed.problem.status });
  return redirectWithFlash(visit, paths.members(params.workspaceId), done);
}

type Change = Exclude<z.infer<typeof entries>, { intent: "invite" }>;

function changeOf(workspace: string, form: Change): { readonly change: Write; readonly done: FlashKey } {
  const member = `${workspace}/members/${encodeURIComponent(form.row)}`;
  switch (form.intent) {
    case "role":
      return { change: { method: "PATCH", path: member, body: { role_id: form.role_id } }, done: "member_changed" };
    case "remove":
      return { change: { method: "DELETE", path: member }, done: "member_removed" };
    case "withdraw":
      return {
        change: { method: "DELETE", path: `${workspace}/invitations/${encodeURIComponent(form.row)}` },
        done: "invitation_withdrawn",
      };
  }
}

/** The name of a role that every workspace has, in the page's language; another as its workspace named it. */
function roleName(text: Catalogue, name: string): string {
  const names: Readonly<Record<string, string>> = text.roles;
  return names[name] ?? name;
}

export default function Members({ loaderData: { members, roles, invitations }, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace, userId, may } = useWorkspace();
  const manages = may("members:manage");
  const columns: Column<Member>[] = [
    { header: text.members.person, kind: "title", cell: (member) => <Person member={member} isYou={member.user_id === userId} /> },
    { header: text.members.role, cell: (member) => (manages ? <RoleForm member={member} roles={roles} /> : roleName(text, member.role)) },
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
      {invitations.length > 0 ? <Pending invitations={invitations} /> : null}
      {manages ? <Invite key={actionData?.invitation?.link} roles={roles} /> : null}
    </div>
  );
}

function Pending({ invitations }: { readonly invitations: readonly Invitation[] }) {
  const text = useText();
  const columns: Column<Invitation>[] = [
    { header: text.members.email, kind: "title", cell: ({ email }) => <span className="break-all">{email}</span> },
    { header: text.members.role, cell: ({ role }) => roleName(text, role) },
    { header: text.members.until, cell: ({ expires_at }) => <Moment at={expires_at} day /> },
    {
      header: text.app.more,
      kind: "actions",
      cell: ({ id, email }) => (
        <Confirm
          trigger={text.members.withdraw}
          look="quiet"
          title={text.members.withdrawTitle(email)}
          body={text.members.withdrawBody}
          confirm={text.members.withdraw}
          intent="withdraw"
          row={id}
          danger
        />
      ),
    },
  ];
  return (
    <section className="flex flex-col gap-3">
      <h2 className="text-base font-semibold">{text.members.pending}</h2>
      <Rows label={text.members.pending} columns={columns} items={invitations} keyOf={({ id }) => id} />
    </section>
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
  if (member.role === "owner") return roleName(text, member.role);
  return (
    <Form method="post" className="flex items-center gap-1">
      <input type="hidden" name="row" value={member.id} />
      <SelectField key={member.role_id} label={text.members.changeRole(member.name)} hideLabel name="role_id" defaultValue={member.role_id}>
        {roles.map(({ id, name }) => (
          <option key={id} value={id}>
            {roleName(text, name)}
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
              {roleName(text, name)}
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
