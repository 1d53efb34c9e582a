import type { ReactNode } from "react";
import { Form } from "react-router";
import type { Domain } from "../api/domain-schemas.ts";
import type { CheckState } from "../api/words.ts";
import { CheckBadge } from "../components/badge.tsx";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Moment } from "../components/moment.tsx";
import { useLocale, useText } from "../i18n/use-text.ts";

/** What was found out last: of ownership, of DNS, and of what Cloudflare has. */
export function DomainChecks({ domain, live, may }: { readonly domain: Domain; readonly live: boolean; readonly may: boolean }) {
  const text = useText();
  const reasons: Readonly<Record<string, string>> = text.domains.reasons;
  const said = (detail: string | null) => (detail === null ? null : (reasons[detail] ?? detail));
  const { ownership, routing, hostname, certificate, checked_at, next_check_at } = domain.checks;
  return (
    <Card title={text.domains.checks}>
      <ul className="divide-y divide-line">
        <Check name={text.domains.checkNames.ownership} state={ownership.state}>
          {said(ownership.detail)}
        </Check>
        <Check name={text.domains.checkNames.routing} state={routing.state}>
          {domain.behind_proxy ? text.domains.proxied : said(routing.detail)}
        </Check>
        <Check name={text.domains.checkNames.hostname} state={stateOf(hostname.status)} errors={hostname.errors} status={hostname.status} />
        <Check
          name={text.domains.checkNames.certificate}
          state={stateOf(certificate.status)}
          errors={certificate.errors}
          status={certificate.status}
        >
          {certificate.expires_at === null ? null : (
            <>
              {text.domains.validUntil} <Moment at={certificate.expires_at} day />
            </>
          )}
        </Check>
      </ul>
      <div className="mt-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-t border-line pt-4">
        <p className="text-sm text-ink-soft">
          {text.domains.checkedAt}: {checked_at === null ? text.domains.never : <Moment at={checked_at} />}
          {next_check_at === null ? null : (
            <>
              {" · "}
              {text.domains.nextCheck}: <Moment at={next_check_at} />
            </>
          )}
          {live ? <span className="block">{text.domains.looking}</span> : null}
        </p>
        {may ? (
          <Form method="post">
            <Submit intent="verify" look="secondary">
              {text.domains.check}
            </Submit>
          </Form>
        ) : null}
      </div>
    </Card>
  );
}

/** How a status of Cloudflare's stands, as far as this page colours it. */
function stateOf(status: string | null): CheckState {
  if (status === null) return "unknown";
  if (status === "active") return "passed";
  return /timed_out|expired|deleted|blocked|moved|failed|inactive/.test(status) ? "failed" : "pending";
}

interface CheckProps {
  readonly name: string;
  readonly state: CheckState;
  /** In Cloudflare's own words. */
  readonly errors?: readonly string[];
  /** As Cloudflare calls it. */
  readonly status?: string | null;
  readonly children?: ReactNode;
}

function Check({ name, state, errors = [], status, children }: CheckProps) {
  const locale = useLocale();
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1 py-3 first:pt-0">
      <span className="flex min-w-0 flex-1 basis-48 flex-wrap items-baseline gap-x-3 text-sm font-medium">
        {name}
        {status ? <code className="font-mono text-xs font-normal break-all text-ink-soft">{status}</code> : null}
      </span>
      <CheckBadge state={state} />
      {errors.length === 0 && !children ? null : (
        <span className="basis-full text-sm text-ink-soft">
          {errors.length === 0 ? null : <span {...(locale === "en" ? {} : { lang: "en" })}>{errors.join(" ")} </span>}
          {children}
        </span>
      )}
    </li>
  );
}
