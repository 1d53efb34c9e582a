/** The filters of the audit log, as the page's address and the API call them. */
const AUDIT_FILTERS = ["actor", "action", "target_type", "target_id"] as const;

/** Moments between which entries are wanted, as days in the page's address. */
const DAYS = ["from", "to"] as const;

const DAY_MS = 86_400_000;

/** A day of a date field as the moment it begins (UTC); `null` for what is no day. */
function startOf(day: string): number | null {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** What the page's address asks of the API: empty fields are no filter, and the last day is meant whole. */
export function auditQuery(search: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of AUDIT_FILTERS) {
    const value = search.get(name)?.trim();
    if (value) query.set(name, value);
  }
  for (const name of DAYS) {
    const start = startOf(search.get(name) ?? "");
    if (start !== null) query.set(name, new Date(name === "to" ? start + DAY_MS : start).toISOString());
  }
  return query;
}
