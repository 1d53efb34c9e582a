import { sql } from "drizzle-orm";
import type { Transaction } from "#platform/db";
import { documentNumbers } from "#platform/schema";

const PREFIXES = { invoice: "INV", credit_note: "CN" } as const;

/**
 * The next number of a series, such as `INV-000042`. It is taken within the transaction that writes the document, and holds up
 * others of the series until that ends: so a document that is not written leaves no gap.
 */
export async function nextNumber(tx: Transaction, series: keyof typeof PREFIXES): Promise<string> {
  const [row] = await tx
    .insert(documentNumbers)
    .values({ series, last: 1 })
    .onConflictDoUpdate({ target: documentNumbers.series, set: { last: sql`${documentNumbers.last} + 1` } })
    .returning();
  if (!row) throw new Error("a number was not given");
  return `${PREFIXES[series]}-${String(row.last).padStart(6, "0")}`;
}
