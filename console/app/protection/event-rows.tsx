import type { TrafficEvent } from "../api/protection-schemas.ts";
import { ANOMALIES } from "../api/words.ts";
import { Card } from "../components/card.tsx";
import { Count, Moment } from "../components/moment.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";

/** What the watch over an app's traffic has found lately. */
export function EventRows({ events }: { readonly events: readonly TrafficEvent[] }) {
  const { protection: text } = useText();
  const found = events.filter(({ type }) => ANOMALIES.some((anomaly) => type === `anomaly.${anomaly}`));
  const columns: Column<TrafficEvent>[] = [
    {
      header: text.what,
      kind: "title",
      cell: ({ type }) => ANOMALIES.filter((each) => type.endsWith(each)).map((each) => text.anomalies[each].name),
    },
    { header: text.who, cell: ({ payload }) => <code className="font-mono text-sm break-all">{payload.network ?? text.matches.all}</code> },
    { header: text.kind, cell: ({ payload }) => (payload.effect === undefined ? null : text.kinds[payload.effect]) },
    { header: text.when, cell: ({ occurred_at }) => <Moment at={occurred_at} /> },
    { header: text.runs, kind: "number", cell: ({ payload }) => <Count value={payload.runs ?? 0} /> },
  ];
  return (
    <section className="flex flex-col gap-3">
      <h2 className="text-base font-semibold">{text.events}</h2>
      {found.length === 0 ? (
        <Card>
          <p className="text-sm text-ink-soft">{text.noEvents}</p>
        </Card>
      ) : (
        <Rows label={text.events} columns={columns} items={found} keyOf={({ id }) => id} />
      )}
    </section>
  );
}
