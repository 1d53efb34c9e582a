import type { VisitorRule } from "../api/protection-schemas.ts";
import { RULE_MATCHES } from "../api/words.ts";
import { Confirm } from "../components/dialog.tsx";
import { Moment } from "../components/moment.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";

interface RuleRowsProps {
  readonly rules: readonly VisitorRule[];
  readonly mayEnd: boolean;
}

/** The rules in force about an app's visitors. */
export function RuleRows({ rules, mayEnd }: RuleRowsProps) {
  const { protection: text, app } = useText();
  const columns: Column<VisitorRule>[] = [
    { header: text.who, kind: "title", cell: ({ match }) => <Who match={match} /> },
    { header: text.kind, cell: ({ kind }) => text.kinds[kind] },
    { header: text.scope, cell: ({ app_id }) => (app_id === null ? text.allApps : text.thisApp) },
    { header: text.by, cell: ({ source, reason }) => (reason === "" ? text.sources[source] : reason) },
    { header: text.until, cell: ({ expires_at }) => (expires_at === null ? text.forGood : <Moment at={expires_at} />) },
  ];
  if (mayEnd) {
    columns.push({
      header: app.more,
      kind: "actions",
      cell: ({ id }) => (
        <Confirm
          trigger={text.remove}
          look="quiet"
          title={text.removeTitle}
          body={text.removeBody}
          confirm={text.remove}
          intent="end"
          row={id}
          danger
        />
      ),
    });
  }
  return <Rows label={text.rules} columns={columns} items={rules} keyOf={({ id }) => id} />;
}

function Who({ match }: { readonly match: VisitorRule["match"] }) {
  const { protection: text } = useText();
  const type = RULE_MATCHES.find((each) => match[each] !== undefined);
  if (type === undefined) return null;
  return (
    <>
      {text.matches[type]}
      {type === "all" ? null : <code className="ms-2 font-mono text-sm font-normal break-all">{match[type]}</code>}
    </>
  );
}
