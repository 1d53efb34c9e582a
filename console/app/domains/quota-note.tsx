import type { HostnameQuota } from "../api/domain-schemas.ts";
import { useText } from "../i18n/use-text.ts";

/** Part of the quota from which it is said that it will not last. */
const NEARLY = 0.9;

/** How many custom hostnames the deployment has left; nothing where nobody counts them. */
export function QuotaNote({ quota }: { readonly quota: HostnameQuota | null }) {
  const text = useText();
  if (quota === null || quota.source === "none" || quota.used === null || quota.allocated === null) return null;
  const { used, allocated, exceeded } = quota;
  const warning = exceeded || used >= allocated ? text.domains.quotaFull : used >= allocated * NEARLY ? text.domains.quotaNearly : null;
  return (
    <p className={`text-sm ${warning === null ? "text-ink-soft" : "rounded-xl bg-warn-soft px-4 py-3 text-warn"}`}>
      {text.domains.quota(used, allocated)} {warning}
    </p>
  );
}
