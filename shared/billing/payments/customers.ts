import { eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { paymentCustomers } from "#platform/schema";
import type { PaymentProvider } from "./port.ts";

/** The provider's customer for a workspace, made when it is first needed, under this name and address. */
export async function customerFor(
  ctx: Context,
  provider: PaymentProvider,
  workspaceId: string,
  { name, email }: { readonly name: string; readonly email: string },
): Promise<string> {
  const [known] = await ctx.db.select().from(paymentCustomers).where(eq(paymentCustomers.workspaceId, workspaceId));
  const reference = await provider.customer({ workspaceId, reference: known?.reference ?? null, name, email });
  if (!known) await ctx.db.insert(paymentCustomers).values({ workspaceId, reference }).onConflictDoNothing();
  return reference;
}
