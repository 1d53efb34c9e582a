import { AppError } from "#platform/errors";

/** Currencies that have no minor unit, and that Stripe takes in hundredths all the same (https://docs.stripe.com/currencies). */
const IN_HUNDREDTHS: ReadonlySet<string> = new Set(["ISK", "UGX"]);
/** Currencies in whose smallest units Stripe and our invoices count differently, so that not every amount can be collected. */
const NOT_EXACT: ReadonlySet<string> = new Set(["MGA", "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);

/** An amount as Stripe counts it. Throws `invalid_state` for a currency in which that is not exact. */
export function stripeAmount(amountMinor: number, currency: string): number {
  if (NOT_EXACT.has(currency)) throw new AppError("invalid_state", `Stripe cannot collect every amount in ${currency}.`);
  return IN_HUNDREDTHS.has(currency) ? amountMinor * 100 : amountMinor;
}
