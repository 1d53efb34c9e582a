import type { UsagePoint } from "../api/billing-schemas.ts";
import type { Meter } from "../api/words.ts";
import { Moment } from "../components/moment.tsx";
import { Rows } from "../components/rows.tsx";
import { useLocale, useText } from "../i18n/use-text.ts";
import { formatQuantity } from "./format.ts";

const HEIGHT = 120;
const STEP = 12;

interface UsageChartProps {
  readonly meter: Meter;
  readonly points: readonly UsagePoint[];
  /** Whether a bar is a day, not an hour. */
  readonly days: boolean;
}

/** Bars over time, and the same as a table for whoever cannot see them, or wants the numbers. */
export function UsageChart({ meter, points, days }: UsageChartProps) {
  const text = useText();
  const locale = useLocale();
  const highest = Math.max(0, ...points.map(({ quantity }) => quantity));
  if (highest === 0) return <p className="text-sm text-ink-soft">{text.usage.chartEmpty}</p>;
  return (
    <figure className="flex flex-col gap-3">
      <figcaption className="text-sm text-ink-soft">{text.usage.highest(formatQuantity(meter, highest, locale))}</figcaption>
      <svg
        role="img"
        aria-label={text.usage.chartOf(text.usage.meters[meter])}
        viewBox={`0 0 ${points.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-36 w-full border-b border-line"
      >
        {points.map(({ at, quantity }, index) => {
          const height = quantity <= 0 ? 0 : Math.max(1.5, (quantity / highest) * HEIGHT);
          return (
            <rect key={at} x={index * STEP + 1} y={HEIGHT - height} width={STEP - 2} height={height} rx={1} className="fill-accent">
              <title>{`${at.slice(0, days ? 10 : 16).replace("T", " ")} UTC: ${formatQuantity(meter, quantity, locale)}`}</title>
            </rect>
          );
        })}
      </svg>
      <div className="flex justify-between text-xs text-ink-soft">
        <Ends points={points} days={days} />
      </div>
      <details>
        <summary className="cursor-pointer text-sm font-medium">{text.usage.table}</summary>
        <div className="mt-3">
          <Rows
            label={text.usage.chartOf(text.usage.meters[meter])}
            columns={[
              { header: text.usage.at, kind: "title", cell: ({ at }) => <Moment at={at} day={days} zone="UTC" /> },
              { header: text.usage.quantity, kind: "number", cell: ({ quantity }) => formatQuantity(meter, quantity, locale) },
            ]}
            items={points.filter(({ quantity }) => quantity !== 0)}
            keyOf={({ at }) => at}
          />
        </div>
      </details>
    </figure>
  );
}

/** When the first and the last bar begin. */
function Ends({ points, days }: Pick<UsageChartProps, "points" | "days">) {
  const [first, last] = [points[0], points.at(-1)];
  return (
    <>
      {first ? <Moment at={first.at} day={days} zone="UTC" /> : null}
      {last ? <Moment at={last.at} day={days} zone="UTC" /> : null}
    </>
  );
}

/** A point for every hour or day from `start` to `end` (exclusive), also where nothing was used. */
export function filled(points: readonly UsagePoint[], meter: Meter, start: number, end: number, step: number): UsagePoint[] {
  const known = new Map(points.filter((point) => point.meter === meter).map((point) => [Date.parse(point.at), point.quantity]));
  const first = Math.floor(start / step) * step;
  return Array.from({ length: Math.max(0, Math.ceil((end - first) / step)) }, (_, index) => {
    const at = first + index * step;
    return { at: new Date(at).toISOString(), meter, quantity: known.get(at) ?? 0 };
  });
}
