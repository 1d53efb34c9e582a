import { z } from "zod";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { METERS, type Meter } from "#platform/schema";
import type { PaymentProvider } from "./port.ts";

/** Who collects this deployment's invoices; `manual`: whoever runs it, outside of the system. */
export function collectorOf({ STRIPE_SECRET_KEY }: Pick<Env, "STRIPE_SECRET_KEY">): "stripe" | "manual" {
  return STRIPE_SECRET_KEY ? "stripe" : "manual";
}

/** The provider that this deployment is set up for; `null`: none. */
export async function paymentProvider({ env, clock }: Pick<Context, "env" | "clock">): Promise<PaymentProvider | null> {
  if (!env.STRIPE_SECRET_KEY) return null;
  // Imported late: no visitor's request needs it.
  const { createStripe } = await import("./stripe/provider.ts");
  return createStripe({
    secretKey: env.STRIPE_SECRET_KEY,
    webhookSecrets: listOf(env.STRIPE_WEBHOOK_SECRET),
    clock,
    ...(env.STRIPE_API_URL && { apiUrl: env.STRIPE_API_URL }),
  });
}

const meterName = z.enum(METERS, `STRIPE_METERS: a meter is one of ${METERS.join(", ")}.`);

/** The names by which the provider knows meters; what is not among them is not told. */
export function meterNames({ STRIPE_METERS }: Pick<Env, "STRIPE_METERS">): ReadonlyMap<Meter, string> {
  return new Map(pairsOf(STRIPE_METERS, "STRIPE_METERS").map(([meter, name]) => [meterName.parse(meter), name]));
}

/** The provider's price of each plan that is subscribed to there. */
export function planPrices({ STRIPE_PRICES }: Pick<Env, "STRIPE_PRICES">): ReadonlyMap<string, string> {
  return new Map(pairsOf(STRIPE_PRICES, "STRIPE_PRICES"));
}

function pairsOf(text: string | undefined, variable: string): [string, string][] {
  return listOf(text).map((pair) => {
    const [name = "", value = "", ...rest] = pair.split("=").map((part) => part.trim());
    if (name === "" || value === "" || rest.length > 0) throw new Error(`${variable}: "${pair}" is not of the form <name>=<value>.`);
    return [name, value];
  });
}

function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
