import type { Domain } from "../api/domain-schemas.ts";
import { useText } from "../i18n/use-text.ts";

/** The latest warning about the certificate in use, where it has one. */
export function DomainNotices({ notices }: Pick<Domain, "notices">) {
  const text = useText();
  const latest = notices.toSorted((left, right) => left.at.localeCompare(right.at)).at(-1);
  if (latest === undefined) return null;
  const days = /(\d+)/.exec(latest.code)?.[1];
  return (
    <p role="status" className="rounded-xl border border-warn/40 bg-warn-soft px-4 py-3 text-sm font-medium text-warn">
      {days === undefined ? text.domains.notice : text.domains.notices(Number(days))}
    </p>
  );
}
