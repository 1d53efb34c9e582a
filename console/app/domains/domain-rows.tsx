import { Link } from "react-router";
import type { Domain } from "../api/domain-schemas.ts";
import { DomainStatus } from "../components/badge.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useNextStep } from "./next-step.tsx";

export function DomainRows({ domains, workspaceId }: { readonly domains: readonly Domain[]; readonly workspaceId: string }) {
  const text = useText();
  const columns: Column<Domain>[] = [
    {
      header: text.domains.hostname,
      kind: "title",
      cell: ({ id, app_id, unicode_hostname }) => (
        <Link
          to={paths.domain(workspaceId, app_id, id)}
          className="wrap-anywhere hover:text-accent hover:underline sm:inline-block sm:min-w-52"
        >
          {unicode_hostname}
        </Link>
      ),
    },
    { header: text.domains.status, cell: ({ status }) => <DomainStatus status={status} /> },
    { header: text.domains.role, cell: (domain) => <Role domain={domain} /> },
    { header: text.domains.next, cell: (domain) => <Step domain={domain} /> },
  ];
  return <Rows label={text.domains.title} columns={columns} items={domains} keyOf={({ id }) => id} />;
}

function Role({ domain: { canonical, redirect_to } }: { readonly domain: Domain }) {
  const text = useText();
  if (redirect_to !== null) return text.domains.redirects(redirect_to);
  return canonical ? text.domains.canonical : text.domains.serves;
}

function Step({ domain }: { readonly domain: Domain }) {
  return <span className="text-ink-soft">{useNextStep(domain)}</span>;
}
