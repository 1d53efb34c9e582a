import { Form } from "react-router";
import { type Upcoming, upcomingSchema, usageSchema } from "../api/billing-schemas.ts";
import { readOne } from "../api/client.server.ts";
import { quotaSchema } from "../api/schemas.ts";
import { METERS, type Meter } from "../api/words.ts";
import { formatMoney, formatPrice, formatQuantity } from "../billing/format.ts";
import { filled, UsageChart } from "../billing/usage-chart.tsx";
import { Button } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { SelectField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { useLocale, useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/usage.ts";
import { useWorkspace } from "./workspace.tsx";

const HOUR_MS = 3_600_000;
const INTERVALS = ["day", "hour"] as const;

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const [quota, upcoming] = await Promise.all([
    readOne(visit, `${path}/quota`, quotaSchema),
    readOne(visit, `${path}/invoices/upcoming`, upcomingSchema),
  ]);
  const query = visit.url.searchParams;
  const meter = METERS.find((one) => one === query.get("meter")) ?? "requests";
  const interval = INTERVALS.find((one) => one === query.get("interval")) ?? "day";
  const { start, end } = shownTime(interval, quota);
  const range = new URLSearchParams({ from: new Date(start).toISOString(), to: new Date(end).toISOString(), interval, meter });
  const { points } = await readOne(visit, `${path}/usage?${range}`, usageSchema);
  const step = interval === "day" ? 24 * HOUR_MS : HOUR_MS;
  return { quota, upcoming, chart: { meter, interval, points: filled(points, meter, start, end, step) } };
}

/** The current period by days, or the last two days by hours. */
function shownTime(interval: (typeof INTERVALS)[number], quota: { readonly period_start: string; readonly period_end: string }) {
  const now = Date.now();
  if (interval === "hour") return { start: now - 48 * HOUR_MS, end: now };
  return { start: Date.parse(quota.period_start), end: Date.parse(quota.period_end) };
}

export default function Usage({ loaderData: { quota, upcoming, chart } }: Route.ComponentProps) {
  const text = useText();
  const locale = useLocale();
  const { workspace } = useWorkspace();
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <Title>{[text.usage.title, workspace.name]}</Title>
      <Heading title={text.usage.title} lead={text.usage.lead} />
      <Card>
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1 text-sm">
          <dt className="text-ink-soft">{text.usage.plan}</dt>
          <dd className="font-medium">{quota.plan}</dd>
          <dt className="text-ink-soft">{text.usage.period}</dt>
          <dd>
            <Moment at={quota.period_start} day /> – <Moment at={quota.period_end} day />
          </dd>
          <dt className="text-ink-soft">{text.usage.soFar}</dt>
          <dd className="tabular-nums">{formatMoney(upcoming.total, upcoming.currency, locale)}</dd>
          <dt className="text-ink-soft">{text.usage.projected}</dt>
          <dd className="tabular-nums">{formatMoney(upcoming.projected_total, upcoming.currency, locale)}</dd>
        </dl>
        <ul className="mt-6 flex flex-col gap-6 border-t border-line pt-6">
          {upcoming.meters.map((state) => (
            <li key={state.meter}>
              {/* What the counter knows is fresher than the ledger. */}
              <MeterBar state={{ ...state, used: quota.meters[state.meter]?.used ?? state.used }} currency={upcoming.currency} />
            </li>
          ))}
        </ul>
      </Card>
      <Card title={text.usage.chart}>
        <ChartChoice meter={chart.meter} interval={chart.interval} />
        <UsageChart meter={chart.meter} points={chart.points} days={chart.interval === "day"} />
        <p className="mt-4">
          <a
            href={paths.usageDownload(workspace.id)}
            download
            className="text-sm font-medium text-accent underline-offset-4 hover:underline"
          >
            {text.usage.download}
          </a>
        </p>
      </Card>
    </div>
  );
}

function ChartChoice({ meter, interval }: { readonly meter: Meter; readonly interval: (typeof INTERVALS)[number] }) {
  const text = useText();
  return (
    <Form method="get" className="mb-4 flex flex-wrap items-end gap-3">
      <SelectField label={text.usage.meter} name="meter" defaultValue={meter}>
        {METERS.map((one) => (
          <option key={one} value={one}>
            {text.usage.meters[one]}
          </option>
        ))}
      </SelectField>
      <SelectField label={text.usage.interval} name="interval" defaultValue={interval}>
        {INTERVALS.map((one) => (
          <option key={one} value={one}>
            {text.usage.intervals[one]}
          </option>
        ))}
      </SelectField>
      <Button type="submit">{text.usage.show}</Button>
    </Form>
  );
}

type MeterState = Upcoming["meters"][number];

function MeterBar({ state, currency }: { readonly state: MeterState; readonly currency: string }) {
  const text = useText();
  const locale = useLocale();
  const { meter, used, included } = state;
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 text-sm">
        <span className="font-medium">{text.usage.meters[meter]}</span>
        <span className="text-ink-soft tabular-nums">{standing(state, currency, locale, text)}</span>
      </div>
      {included === null ? null : (
        <progress
          value={Math.min(used, included)}
          max={Math.max(included, 1)}
          aria-label={text.usage.meters[meter]}
          data-full={used >= included * 0.9 ? "" : undefined}
          className="meter-bar mt-2 block h-2 w-full"
        />
      )}
    </>
  );
}

/** What was used, of what is included, and what more costs. */
function standing({ meter, used, included, unit_price }: MeterState, currency: string, locale: string, text: Catalogue): string {
  const shown = formatQuantity(meter, used, locale);
  if (included === null) return text.usage.unlimited(shown);
  const limit = formatQuantity(meter, included, locale);
  const free = unit_price === null || Number(unit_price) === 0;
  return free ? text.usage.of(shown, limit) : text.usage.included(shown, limit, formatPrice(unit_price, currency, locale));
}
