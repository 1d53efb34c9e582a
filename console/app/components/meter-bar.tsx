import type { MeterCount } from "../api/schemas.ts";
import type { Meter } from "../api/words.ts";
import { formatBytes } from "../i18n/format-bytes.ts";
import { useLocale, useText } from "../i18n/use-text.ts";
import { formatDuration } from "./moment.tsx";

function formatQuantity(meter: Meter, quantity: number, locale: string): string {
  if (meter === "run_ms") return formatDuration(quantity, locale);
  if (meter.endsWith("_bytes")) return formatBytes(quantity, locale);
  return new Intl.NumberFormat(locale).format(quantity);
}

/** How much of a meter is used, in words and, where it has a limit, as a bar. */
export function MeterBar({ meter, used, reserved, limit }: Omit<MeterCount, "hard"> & { readonly meter: Meter }) {
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
      {reserved === 0 ? null : (
        <p className="mt-1 text-xs text-ink-soft tabular-nums">{text.usage.reserved(formatQuantity(meter, reserved, locale))}</p>
      )}
    </>
  );
}
