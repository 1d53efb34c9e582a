import type { Context } from "#platform/context";
import type { runtimeEvents } from "#platform/schema";
import { type CustomHostname, certificateEnd } from "./cloudflare/custom-hostname.ts";
import { type DomainRow, type Notice, noticesOf } from "./rows.ts";

const DAY = 86_400_000;

/** Days before a certificate ends at which that is told, the first one first. */
const NOTICE_DAYS = [30, 14, 7, 1] as const;

type EventRow = typeof runtimeEvents.$inferInsert;

export interface Notices {
  /** Those of the certificate in use; a renewal clears them. */
  readonly notices: readonly Notice[];
  readonly events: readonly EventRow[];
}

const codeOf = (days: number) => `certificate_expires_in_${days}_days`;

function eventOf(ctx: Context, row: DomainRow, id: string, type: string, payload: Readonly<Record<string, unknown>>): EventRow {
  const { workspaceId, appId, hostname } = row;
  const occurredAt = new Date(ctx.clock.now());
  return {
    id: `domain:${row.id}:${id}`,
    workspaceId,
    appId,
    executionId: null,
    type,
    payload: { domain_id: row.id, hostname, ...payload },
    occurredAt,
  };
}

/**
 * What there is to be told about a certificate that ends without having been renewed: once at each of the days before, and only
 * the nearest of those that have come at once. Ids are made from the certificate's end, so that telling twice is telling once.
 */
export function noticesFor(ctx: Context, row: DomainRow, custom: CustomHostname | null): Notices {
  const [now, end, given] = [ctx.clock.now(), certificateEnd(custom), noticesOf(row)];
  if (end === null) return { notices: given, events: [] };
  const due = NOTICE_DAYS.findLast((days) => now >= end - days * DAY);
  const expires_at = new Date(end).toISOString();
  if (due === undefined) {
    if (given.length === 0) return { notices: given, events: [] };
    return { notices: [], events: [eventOf(ctx, row, `certificate:${end}:renewed`, "domain.certificate_renewed", { expires_at })] };
  }
  if (given.some(({ code }) => code === codeOf(due))) return { notices: given, events: [] };
  const notice = { code: codeOf(due), at: new Date(now).toISOString() };
  const event = eventOf(ctx, row, `certificate:${end}:${due}`, "domain.certificate_expiring", { days: due, expires_at });
  return { notices: [...given, notice], events: [event] };
}

/** When (ms) the next of these notices falls due, or `null`. */
export function nextNotice(custom: CustomHostname | null, now: number): number | null {
  const end = certificateEnd(custom);
  if (end === null) return null;
  const days = NOTICE_DAYS.find((count) => end - count * DAY > now);
  return days === undefined ? null : end - days * DAY;
}

/** Word of a change of state that nobody asked for. */
export function stateEvent(ctx: Context, row: DomainRow, to: string, step: string | null): EventRow {
  return eventOf(ctx, row, `status:${to}:${ctx.clock.now()}`, "domain.status_changed", { from: row.status, to, next_step: step });
}
