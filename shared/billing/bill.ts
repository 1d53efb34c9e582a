import { z } from "zod";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { taxOf } from "./money.ts";
import { adjustmentsBefore, carriedInto, linesOf } from "./period-lines.ts";
import { billingPeriodOf, type PeriodRow, segmentsOf } from "./periods.ts";
import { balanced, type InvoiceLine } from "./rating.ts";

/** What a period comes to, in minor units of the currency. */
export interface Bill {
  readonly currency: string;
  readonly lines: readonly InvoiceLine[];
  readonly subtotalMinor: number;
  readonly taxBasisPoints: number;
  readonly taxMinor: number;
  readonly totalMinor: number;
}

const basisPoints = z.coerce.number().int().min(0).max(10_000);

/** The bill of a period. A period that owes nothing has no lines, also when something is carried over to it. */
export async function billOf(ctx: Context, tx: Transaction, row: PeriodRow, recordedBefore?: bigint): Promise<Bill> {
  const segments = await segmentsOf(tx, row);
  const owed = [...(await linesOf(tx, row, segments, recordedBefore)), ...(await adjustmentsBefore(tx, row, recordedBefore))];
  const carried = owed.length === 0 ? [] : await carriedInto(tx, row);
  return totalled(ctx, row, segments.at(-1)?.terms.currency ?? "", [...owed, ...carried]);
}

/** Lines with what they come to, with the deployment's tax on their sum. */
export function totalled(ctx: Context, row: PeriodRow, currency: string, owed: readonly InvoiceLine[]): Bill {
  const { lines, subtotalMinor } = balanced(owed, billingPeriodOf(row));
  const taxBasisPoints = basisPoints.parse(ctx.env.TAX_BASIS_POINTS ?? "0");
  const taxMinor = taxOf(subtotalMinor, taxBasisPoints);
  return { currency, lines, subtotalMinor, taxBasisPoints, taxMinor, totalMinor: subtotalMinor + taxMinor };
}
