/*
 * Money is whole numbers throughout: prices in micro-units of a currency, amounts in its minor units. What lies between is an
 * exact fraction of two bigints, and a line of an invoice rounds it once.
 */

/** Currencies that have no minor unit, or three digits of it (ISO 4217); all others have two. */
const WITHOUT_MINOR = new Set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" "));
const WITH_THREE_DIGITS = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));

const MICROS = 1_000_000n;

/** Digits of a currency's minor unit. */
export function minorDigits(currency: string): number {
  if (WITHOUT_MINOR.has(currency)) return 0;
  return WITH_THREE_DIGITS.has(currency) ? 3 : 2;
}

/** `numerator / denominator` to the nearest whole number; a half goes away from zero, as invoices are rounded by hand. `denominator` > 0. */
export function roundHalfAway(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** `numerator / denominator`, rounded up; both are not negative. */
export function roundUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** A share of a whole, such as of a period. */
export interface Share {
  readonly part: bigint;
  readonly whole: bigint;
}

export const WHOLE: Share = { part: 1n, whole: 1n };

/** A share of an amount in minor units. */
export function shareOf(amountMinor: number, { part, whole }: Share): number {
  return toSafe(roundHalfAway(BigInt(amountMinor) * part, whole));
}

/** What units cost: `units × price × share`, in minor units of the currency. `unitPriceMicros` is the price of one. */
export function priceOf(units: bigint, unitPriceMicros: number, currency: string, { part, whole }: Share = WHOLE): number {
  const scale = 10n ** BigInt(minorDigits(currency));
  return toSafe(roundHalfAway(units * BigInt(unitPriceMicros) * scale * part, MICROS * whole));
}

/** Tax on an amount in minor units; 100 basis points are one per cent. */
export function taxOf(amountMinor: number, basisPoints: number): number {
  return toSafe(roundHalfAway(BigInt(amountMinor) * BigInt(basisPoints), 10_000n));
}

/** An amount as a decimal number, such as `-12.50`. */
export function decimalOf(amountMinor: number, currency: string): string {
  return decimal(amountMinor, minorDigits(currency));
}

/** A price as a decimal number with as many digits as it needs, such as `0.0002`. */
export function decimalOfMicros(micros: number): string {
  return decimal(micros, 6).replace(/\.?0+$/, "");
}

function decimal(value: number, digits: number): string {
  const text = String(Math.abs(value)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${value < 0 ? "-" : ""}${whole}${digits === 0 ? "" : `.${text.slice(-digits)}`}`;
}

/** A whole number that JSON and columns hold exactly. Throws where it is too large for that. */
export function toSafe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is more than an amount can hold`);
  return number;
}
