import { readOne } from "../api/client.server.ts";
import { quotaSchema } from "../api/schemas.ts";
import { METERS, type Meter } from "../api/words.ts";
import { Card } from "../components/card.tsx";
import { formatDuration, Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { formatBytes } from "../i18n/format-bytes.ts";
import { useLocale, useText } from "../i18n/use-text.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/usage.ts";
import { useWorkspace } from "./workspace.tsx";

export function loader({ params, context }: Route.LoaderArgs) {
  return readOne(context.get(visitContext), `/workspaces/${encodeURIComponent(params.workspaceId)}/quota`, quotaSchema);
}

function formatQuantity(meter: Meter, quantity: number, locale: string): string {
  if (meter === "run_ms") return formatDuration(quantity, locale);
  if (meter.endsWith("_bytes")) return formatBytes(quantity, locale);
  return new Intl.NumberFormat(locale).format(quantity);
}

export default function Usage({ loaderData: quota }: Route.ComponentProps) {
  const text = useText();
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
        </dl>
        <ul className="mt-6 flex flex-col gap-6 border-t border-line pt-6">
          {METERS.map((meter) => {
            const reading = quota.meters[meter];
            return reading ? (
              <li key={meter}>
                <MeterBar meter={meter} {...reading} />
              </li>
            ) : null;
          })}
        </ul>
      </Card>
    </div>
  );
}

function MeterBar({ meter, used, limit }: { readonly meter: Meter; readonly used: number; readonly limit: number | null }) {
  const text = useText();
  const locale = useLocale();
  const shown = formatQuantity(meter, used, locale);
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 text-sm">
        <span className="font-medium">{text.usage.meters[meter]}</span>
        <span className="text-ink-soft tabular-nums">
          {limit === null ? text.usage.unlimited(shown) : text.usage.of(shown, formatQuantity(meter, limit, locale))}
        </span>
      </div>
      {limit === null ? null : (
        <progress
          value={Math.min(used, limit)}
          max={Math.max(limit, 1)}
          aria-label={text.usage.meters[meter]}
          data-full={used >= limit * 0.9 ? "" : undefined}
          className="meter-bar mt-2 block h-2 w-full"
        />
      )}
    </>
  );
}
