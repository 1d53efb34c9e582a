import type { Invoice } from "../api/billing-schemas.ts";
import { Badge } from "../components/badge.tsx";
import { useText } from "../i18n/use-text.ts";

const TONES = { draft: "neutral", open: "warn", paid: "ok", void: "neutral" } as const;

export function InvoiceStatus({ status }: Pick<Invoice, "status">) {
  return <Badge tone={TONES[status]}>{useText().billing.statuses[status]}</Badge>;
}
