import type { Invoice } from "../api/billing-schemas.ts";
import { Badge } from "../components/badge.tsx";
import { useText } from "../i18n/use-text.ts";

const TONES = { draft: "neutral", open: "warn", paid: "ok", void: "neutral" } as const;

/** Where an invoice stands; of an open one also that its payment did not succeed. */
export function InvoiceStatus({ status, payment_status }: Pick<Invoice, "status" | "payment_status">) {
  const text = useText();
  if (status === "open" && payment_status === "payment_failed") return <Badge tone="danger">{text.billing.paymentFailed}</Badge>;
  return <Badge tone={TONES[status]}>{text.billing.statuses[status]}</Badge>;
}
