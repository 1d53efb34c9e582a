import type { MeterCount } from "../api/schemas.ts";
import type { Meter } from "../api/words.ts";
import { formatQuantity } from "../billing/format.ts";
import { useLocale, useText } from "../i18n/use-text.ts";

interface Reading extends Omit<MeterCount, "hard"> {
  readonly meter: Meter;
  /** Of a unit above the limit; without it, the meter stops there or goes on for nothing. */
  readonly price?: string | null;
}

/** How much of a meter is used, in words and, where it has a limit, as a bar. */
export function MeterBar({ meter, used, reserved, limit, price = null }: Reading) {
  const text = useText();
  const locale = useLocale();
  const shown = formatQuantity(meter, used, locale);
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 text-sm">
        <span className="font-medium">{text.usage.meters[meter]}</span>
        <span className="text-ink-soft tabular-nums">{standing()}</span>
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

  function standing(): string {
    if (limit === null) return text.usage.unlimited(shown);
    const included = formatQuantity(meter, limit, locale);
    return price === null ? text.usage.of(shown, included) : text.usage.included(shown, included, price);
  }
}
