import { readFile } from "../api/client.server.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/invoice-download.ts";

/** An invoice as a PDF file. */
export function loader({ params, context }: Route.LoaderArgs) {
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/invoices/${encodeURIComponent(params.invoiceId)}.pdf`;
  return readFile(context.get(visitContext), path, "application/pdf");
}
