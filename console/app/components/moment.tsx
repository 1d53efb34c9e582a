import { useSyncExternalStore } from "react";
import { useLocale } from "../i18n/use-text.ts";

const never = () => () => {};

interface MomentProps {
  readonly at: string;
  /** Without the time of day. */
  readonly day?: boolean;
  /** IANA name of the zone to show it in, and to say so. */
  readonly zone?: string;
}

/** A time in the visitor's own zone, unless another is given; in UTC, and saying so, until the page runs in their browser. */
export function Moment({ at, day, zone: given }: MomentProps) {
  const locale = useLocale();
  const own = useSyncExternalStore(
    never,
    () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    () => "UTC",
  );
  const zone = given ?? own;
  const style = day ? ({ dateStyle: "medium" } as const) : ({ dateStyle: "medium", timeStyle: "short" } as const);
  const shown = new Intl.DateTimeFormat(locale, { ...style, timeZone: zone }).format(new Date(at));
  return (
    <time dateTime={at} className="sm:whitespace-nowrap">
      {shown}
      {zone === "UTC" && !day ? " UTC" : ""}
      {given === undefined || given === "UTC" || given === own ? "" : ` ${zoneName(at, given, locale)}`}
    </time>
  );
}

/** What a zone is called at a time, such as GMT+2. */
function zoneName(at: string, zone: string, locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" }).formatToParts(new Date(at));
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

/** Milliseconds as people read them. */
export function formatDuration(milliseconds: number, locale: string): string {
  const unit = (value: number, name: string, digits: number): string =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  if (milliseconds < 1000) return unit(milliseconds, "millisecond", 0);
  if (milliseconds < 60_000) return unit(milliseconds / 1000, "second", 1);
  return unit(milliseconds / 60_000, "minute", 1);
}

export function Duration({ milliseconds }: { readonly milliseconds: number }) {
  return <span className="whitespace-nowrap tabular-nums">{formatDuration(milliseconds, useLocale())}</span>;
}

export function Count({ value }: { readonly value: number }) {
  return <span className="tabular-nums">{new Intl.NumberFormat(useLocale()).format(value)}</span>;
}
