import { data, Link } from "react-router";
import { readIfAllowed, readOne } from "../api/client.server.ts";
import { type Domain, domainSchema } from "../api/domain-schemas.ts";
import { appSchema, versionSchema } from "../api/schemas.ts";
import { type DomainStatusWord, SETTLING } from "../api/words.ts";
import { DomainStatus } from "../components/badge.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { actOnDomain, domainPath } from "../domains/act-on-domain.server.ts";
import { DomainChecks } from "../domains/domain-checks.tsx";
import { DomainNotices } from "../domains/domain-notices.tsx";
import { DomainRecords } from "../domains/domain-records.tsx";
import { NextStep } from "../domains/next-step.tsx";
import { ServedPart } from "../domains/served-part.tsx";
import { CertificatePart, RemovePart, RolePart } from "../domains/settings-parts.tsx";
import { useLookingAgain } from "../domains/use-looking-again.ts";
import { readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/domain.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

/** Statuses in which nothing is served yet, so that there is nothing to switch. */
const BEFORE: readonly DomainStatusWord[] = ["pending", "verifying", "failed"];

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const [domain, apps, versions] = await Promise.all([
    readOne(visit, domainPath(params), domainSchema),
    readIfAllowed(visit, `/workspaces/${encodeURIComponent(params.workspaceId)}/apps?limit=100`, appSchema),
    readIfAllowed(visit, `/apps/${encodeURIComponent(params.appId)}/versions?limit=25`, versionSchema),
  ]);
  return {
    domain,
    apps: apps.map(({ id, name, status }) => ({ id, name, published: status === "published" })),
    versions: versions.map(({ id, number }) => ({ id, number })),
  };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const acted = await actOnDomain(context.get(visitContext), params, await readForm(request));
  return acted instanceof Response ? acted : data({ problem: acted }, { status: acted.status });
}

export default function DomainPage({ loaderData: { domain, apps, versions }, actionData }: Route.ComponentProps) {
  const app = useApp();
  const { may } = useWorkspace();
  const live = SETTLING.includes(domain.status);
  useLookingAgain(live);
  return (
    <div className="flex max-w-4xl flex-col gap-6">
      <Title>{[domain.unicode_hostname, app.name]}</Title>
      <Heading domain={domain} />
      {actionData ? <ProblemNote problem={actionData.problem} /> : null}
      <NextStep domain={domain} />
      <DomainNotices notices={domain.notices} />
      <DomainRecords records={domain.records} />
      <DomainChecks domain={domain} live={live} may={may("domains:manage")} />
      {may("domains:manage") ? (
        <>
          {BEFORE.includes(domain.status) ? null : <ServedPart domain={domain} apps={apps} versions={versions} />}
          <RolePart domain={domain} />
          <CertificatePart domain={domain} />
          <RemovePart domain={domain} />
        </>
      ) : null}
    </div>
  );
}

function Heading({ domain }: { readonly domain: Domain }) {
  const text = useText();
  const app = useApp();
  const { unicode_hostname, hostname, status } = domain;
  return (
    <div>
      <Link to={paths.domains(app.workspace_id, app.id)} className="text-sm text-ink-soft hover:text-ink hover:underline">
        ← {text.domains.all}
      </Link>
      <h2 className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-lg font-semibold break-all">
        {unicode_hostname}
        <DomainStatus status={status} />
      </h2>
      {unicode_hostname === hostname ? null : <p className="mt-1 font-mono text-sm break-all text-ink-soft">{hostname}</p>}
      {status === "active" ? (
        <p className="mt-1 text-sm">
          <a href={`https://${hostname}/`} target="_blank" rel="noopener" className="font-medium text-accent underline underline-offset-4">
            https://{unicode_hostname} <span aria-hidden="true">↗</span>
          </a>
        </p>
      ) : null}
    </div>
  );
}
