import type { Domain, DomainRecord } from "../api/domain-schemas.ts";
import { RecordBadge } from "../components/badge.tsx";
import { Card } from "../components/card.tsx";
import { CopyField } from "../components/code.tsx";
import { useText } from "../i18n/use-text.ts";

/** The records to set, ready to be copied, each with what is there now; those that only some need are folded away. */
export function DomainRecords({ records }: Pick<Domain, "records">) {
  const text = useText();
  const needed = records.filter(({ required, purpose }) => required || purpose === "ownership").filter(isShownFirst);
  const others = records.filter((record) => !needed.includes(record));
  return (
    <Card title={text.domains.records} lead={text.domains.recordsLead}>
      <ul className="divide-y divide-line">
        {needed.map((record) => (
          <RecordItem key={keyOf(record)} record={record} />
        ))}
      </ul>
      {others.length === 0 ? null : (
        <details className="mt-4 border-t border-line pt-4">
          <summary className="text-sm font-medium">{text.domains.optional}</summary>
          <p className="mt-1 text-sm text-ink-soft">{text.domains.optionalLead}</p>
          <ul className="divide-y divide-line">
            {others.map((record) => (
              <RecordItem key={keyOf(record)} record={record} />
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

/** Cloudflare's own proof is for moving a domain without a gap. */
function isShownFirst({ required, name }: DomainRecord): boolean {
  return required || !name.startsWith("_cf-custom-hostname.");
}

const keyOf = ({ type, name, value }: DomainRecord) => `${type} ${name} ${value}`;

function RecordItem({ record }: { readonly record: DomainRecord }) {
  const text = useText();
  const { purpose, type, name, value, state, found } = record;
  const isFile = type === "HTTP";
  return (
    <li className="flex flex-col gap-3 py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-sm font-semibold">{text.domains.purposes[purpose]}</h3>
        <span className="rounded-md bg-sunken px-2 py-0.5 font-mono text-xs">{type}</span>
        <RecordBadge state={state} />
      </div>
      {type === "ALIAS" ? <p className="text-sm text-ink-soft">{text.domains.apex}</p> : null}
      <div className="grid gap-3 lg:grid-cols-2 [&>*]:min-w-0">
        <Part label={isFile ? text.domains.address : text.domains.recordName} value={name} />
        <Part label={isFile ? text.domains.content : text.domains.recordValue} value={value} />
      </div>
      {state === "wrong" && found.length > 0 ? (
        <p className="text-sm break-all text-danger">{text.domains.found(found.slice(0, 5).join(", "))}</p>
      ) : null}
    </li>
  );
}

function Part({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <p aria-hidden="true" className="mb-1 text-xs text-ink-soft">
        {label}
      </p>
      <CopyField label={label} value={value} />
    </div>
  );
}
