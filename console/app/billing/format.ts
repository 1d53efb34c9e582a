import type { Meter } from "../api/words.ts";
import { formatDuration } from "../components/moment.tsx";
import { formatBytes } from "../i18n/format-bytes.ts";

/** A quantity of a meter as people read it. */
export function formatQuantity(meter: Meter, quantity: number, locale: string): string {
  if (meter === "run_ms") return formatDuration(quantity, locale);
  if (meter.endsWith("_bytes")) return formatBytes(quantity, locale);
  return new Intl.NumberFormat(locale).format(quantity);
}

/** An amount, given as a decimal number, in its currency. */
export function formatMoney(amount: string, currency: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "currency", currency }).format(Number(amount));
}

/** The price of a unit: as many digits as it needs. */
export function formatPrice(amount: string, currency: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 6 }).format(Number(amount));
}

/** An amount in minor units as a decimal number. */
export function decimalOf(minor: number, currency: string): string {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return (minor / 10 ** digits).toFixed(digits);
}

/** Millionths of a currency as a decimal number. */
export function decimalOfMicros(micros: number): string {
  return (micros / 1_000_000).toFixed(6);
}
