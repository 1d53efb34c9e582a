import { data } from "react-router";
import { z } from "zod";
import { readIfPossible, readPage, write } from "../api/client.server.ts";
import { domainSchema, hostnameQuotaSchema } from "../api/domain-schemas.ts";
import { CERTIFICATE_METHODS, SETTLING } from "../api/words.ts";
import { Empty, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { AddForm } from "../domains/add-form.tsx";
import { DomainRows } from "../domains/domain-rows.tsx";
import { QuotaNote } from "../domains/quota-note.tsx";
import { useLookingAgain } from "../domains/use-looking-again.ts";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/domains.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({
  hostname: entry,
  www: entry.transform((value) => value !== ""),
  certificate_method: z.enum(CERTIFICATE_METHODS).default("http"),
});

const NOTHING = { hostname: "", www: false, certificate_method: "http" } as const;

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const [page, quota] = await Promise.all([
    readPage(visit, `/apps/${encodeURIComponent(params.appId)}/domains${pageQuery(visit.url)}`, domainSchema),
    readIfPossible(visit, `/workspaces/${encodeURIComponent(params.workspaceId)}/domains/quota`, hostnameQuotaSchema),
  ]);
  return { page, quota };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const entered = entries.parse(await readForm(request));
  const path = `/apps/${encodeURIComponent(params.appId)}/domains`;
  const added = await write(visit, { method: "POST", path, body: entered }, domainSchema);
  if (added.ok) return redirectWithFlash(visit, paths.domain(params.workspaceId, params.appId, added.data.id), "domain_added");
  return data({ problem: added.problem, entered }, { status: added.problem.status });
}

export default function Domains({ loaderData: { page, quota }, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  useLookingAgain(page.data.some(({ status }) => SETTLING.includes(status)));
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.domains.title, app.name]}</Title>
      {actionData ? <ProblemNote problem={actionData.problem} fields={["hostname"]} /> : null}
      {page.data.length === 0 ? (
        <Empty title={text.domains.empty} lead={text.domains.emptyLead} />
      ) : (
        <>
          <p className="text-sm text-ink-soft">{text.domains.lead}</p>
          <DomainRows domains={page.data} workspaceId={app.workspace_id} />
        </>
      )}
      <Pager next={page.next_cursor} />
      {may("domains:manage") ? (
        <>
          <QuotaNote quota={quota} />
          <AddForm problem={actionData?.problem ?? null} entered={actionData?.entered ?? NOTHING} />
        </>
      ) : null}
    </div>
  );
}
