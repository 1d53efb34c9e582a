import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  aggregateUsage,
  changePlan,
  correctUsage,
  eventsOfLine,
  openPeriod,
  settleWorkspace,
  updateBillingProfile,
  usageOfRun,
  writeUsage,
} from "#billing";
import type { Context } from "#platform/context";
import type { RunRecord, UsageEvent } from "#platform/records";
import { billingPlans, type MeterLimits } from "#platform/schema";
import { hasSoundTable, pdfTexts } from "../../shared/billing/testing/pdf-text.ts";
import { type Answer, type Person, type Platform, startPlatform } from "./testing/platform.ts";

/*
 * A month in New York, in which clocks are set: 100,000 events, a change of plan in its middle, use above what the plans include, and a
 * correction before and one after the invoice. What comes out is compared with an account that was made event by event.
 */

const RUNS = 40_000;
const MARCH = Date.parse("2026-03-01T05:00:00Z");
const APRIL = Date.parse("2026-04-01T04:00:00Z");
const MAY = Date.parse("2026-05-01T04:00:00Z");
const CHANGE = Date.parse("2026-03-17T13:37:11.123Z");
const HOUR = 3_600_000;

const NO_LIMITS: MeterLimits = { requests: null, tokens: null, db_storage_bytes: null, egress_bytes: null, run_ms: null };
const SMALL = { price: 2_900, requests: 12_345, tokens: 1_234_567, requestMicros: 237, tokenMicros: 11 };
const LARGE = { price: 9_999, requests: 23_456, tokens: 3_456_789, requestMicros: 191, tokenMicros: 7 };
type Terms = typeof SMALL;

let platform: Platform;
let ada: Person;
let invoice: Answer["body"];
const events: UsageEvent[] = [];

const contextAt = (now: number): Context => platform.context({ now: () => now });
const call = (route: string, headers = {}) =>
  platform.call(route.replace(" /", ` /api/v1/workspaces/${ada.workspaceId}/`), { as: ada.as, headers });

/** Numbers that look like chance and are the same every time. */
function* chance(): Generator<number> {
  for (let state = 20_260_301; ; ) {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    yield state / 4_294_967_296;
  }
}

/** Runs over the month, some of them at the very edges of the period, of the plans and of hours. */
function runsOfMonth(): RunRecord[] {
  const numbers = chance();
  const next = () => numbers.next().value ?? 0;
  const edges = [MARCH, CHANGE - 1, CHANGE, CHANGE + 1, APRIL - 1, Date.parse("2026-03-08T07:00:00Z"), Date.parse("2026-03-17T13:00:00Z")];
  return Array.from({ length: RUNS }, (_, index) => {
    const id = `run_${index}`;
    const at = edges[index] ?? Math.floor(MARCH + next() * (APRIL - MARCH));
    const used: UsageEvent[] = [
      { id: `${id}:requests`, meter: "requests", quantity: 1, occurred_at: at },
      { id: `${id}:1:tokens`, meter: "tokens", quantity: Math.floor(next() * 400), occurred_at: at },
    ];
    if (index % 2 === 0) used.push({ id: `${id}:2:tokens`, meter: "tokens", quantity: 1 + Math.floor(next() * 90), occurred_at: at });
    return recordOf(id, at, used);
  });
}

function recordOf(id: string, at: number, usage_events: UsageEvent[]): RunRecord {
  return {
    execution: {
      id,
      workspace_id: ada.workspaceId,
      app_id: Number(id.at(-1)) % 2 === 0 ? "app_even" : "app_odd",
      version_id: "apv_1",
      trigger: "visitor",
      status: "completed",
      session_id: null,
      api_key_id: null,
      inputs: {},
      outputs: {},
      error: null,
      usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      started_at: at,
      finished_at: at,
    },
    node_logs: [],
    usage_events,
    runtime_events: [],
  };
}

/** Writes many records as the consumer of the outboxes would, in fewer statements. */
async function write(records: readonly RunRecord[]): Promise<void> {
  const rows = records.flatMap(({ execution, usage_events }) =>
    usage_events.map((event) => ({ ...event, run: execution.id, app: execution.app_id })),
  );
  for (let start = 0; start < rows.length; start += 20_000) {
    await platform.context().db.execute(sql`
      INSERT INTO billing_usage_events (id, workspace_id, app_id, execution_id, meter, quantity, occurred_at)
      SELECT id, ${ada.workspaceId}, app, run, meter, quantity, to_timestamp(occurred_at / 1000.0)
      FROM jsonb_to_recordset(${JSON.stringify(rows.slice(start, start + 20_000))}::jsonb)
        AS event(id text, app text, run text, meter text, quantity bigint, occurred_at bigint)`);
  }
}

async function offer(code: string, position: number, { price, requests, tokens, requestMicros, tokenMicros }: Terms): Promise<void> {
  await platform
    .context()
    .db.insert(billingPlans)
    .values({
      code,
      name: code,
      position,
      currency: "USD",
      priceMinor: price,
      limits: { ...NO_LIMITS, requests, tokens },
      overageMicros: { requests: requestMicros, tokens: tokenMicros },
    });
}

/** What a stretch of the month owes for a meter, made event by event: each costs a price of millionths once what is included is used up. */
function owed(meter: "requests" | "tokens", from: number, to: number, terms: Terms, more: readonly UsageEvent[] = []): number {
  const inStretch = [...events, ...more].filter((event) => event.meter === meter && event.occurred_at >= from && event.occurred_at < to);
  let left = BigInt(terms[meter]) * BigInt(to - from);
  const month = BigInt(APRIL - MARCH);
  // What is included is rounded up to a whole unit: so many units are free.
  left = left % month === 0n ? left / month : left / month + 1n;
  let paid = 0n;
  for (const { quantity } of inStretch) left -= BigInt(quantity);
  if (left < 0n) paid = -left;
  return cents(`${paid * BigInt(meter === "requests" ? terms.requestMicros : terms.tokenMicros)}`, 4);
}

/** A number of smaller units as cents, rounded by its digits, as on paper. */
function cents(digits: string, places: number): number {
  const padded = digits.padStart(places + 1, "0");
  const [whole, rest] = [padded.slice(0, -places), padded.slice(-places)];
  return Number(whole) + (rest.charAt(0) >= "5" ? 1 : 0);
}

/** A share of a price of cents: long division, with as many places as decide. */
function share(price: number, part: number): number {
  const month = BigInt(APRIL - MARCH);
  const thousandths = (BigInt(price) * BigInt(part) * 10n ** 12n) / month;
  return cents(String(thousandths), 12);
}

beforeAll(async () => {
  platform = await startPlatform();
  // The workspace's counter at its interface: it is told of a change of plan.
  Object.assign(platform.env, { QUOTA_COUNTER: { getByName: () => ({ refresh: async () => undefined }) } });
  ada = await platform.signUp("Ada");
  await offer("small", 10, SMALL);
  await offer("large", 11, LARGE);
  const february = contextAt(Date.parse("2026-02-20T12:00:00Z"));
  await updateBillingProfile(february, ada.workspaceId, {
    customer_name: "王小明 & Søn – Åse",
    address: "1 Broadway\nNew York",
    time_zone: "America/New_York",
  });
  await openPeriod(february, ada.workspaceId);
  await changePlan(february, ada.workspaceId, { plan: "small", when: "period_end" });
  await changePlan(contextAt(CHANGE), ada.workspaceId, { plan: "large" });
  const records = runsOfMonth();
  events.push(...records.flatMap(({ usage_events }) => usage_events));
  await write(records.slice(0, RUNS / 2));
  await aggregateUsage(contextAt(CHANGE));
  await write(records.slice(RUNS / 2));
  // Delivered twice, before and after they were added up.
  await writeUsage(contextAt(APRIL), [...records.slice(0, 50), ...records.slice(-50)]);
  const correction = {
    reference: "ticket-1",
    meter: "requests",
    quantity: -321,
    occurredAt: CHANGE + HOUR,
    reason: "Counted twice",
  } as const;
  await correctUsage(contextAt(APRIL), ada.workspaceId, correction);
  events.push({ id: "correction", meter: "requests", quantity: -321, occurred_at: CHANGE + HOUR });
  const afterwards = contextAt(APRIL + 2 * HOUR);
  await aggregateUsage(afterwards);
  await settleWorkspace(afterwards, ada.workspaceId);
  const { body } = await call("GET /invoices");
  invoice = (await call(`GET /invoices/${body.data[0].id}`)).body.data;
}, 180_000);
afterAll(() => platform.stop());

const lineOf = (kind: string, meter: string | null, from: number) =>
  invoice.lines.find(
    (line: { kind: string; meter: string | null; covers_start: string }) =>
      line.kind === kind && line.meter === meter && Date.parse(line.covers_start) === from,
  );

describe("a month of 100,000 events", () => {
  it("is one", () => {
    expect(events.length).toBeGreaterThanOrEqual(100_000);
    expect([invoice.period_start, invoice.period_end]).toEqual(["2026-03-01T05:00:00.000Z", "2026-04-01T04:00:00.000Z"]);
  });

  it("is billed to the minor unit as an account made event by event", () => {
    const expected = [
      SMALL.price,
      -share(SMALL.price, APRIL - CHANGE),
      share(LARGE.price, APRIL - CHANGE),
      owed("requests", MARCH, CHANGE, SMALL),
      owed("tokens", MARCH, CHANGE, SMALL),
      owed("requests", CHANGE, APRIL, LARGE),
      owed("tokens", CHANGE, APRIL, LARGE),
    ];
    expect(invoice.lines.map((line: { amount_minor: number }) => line.amount_minor)).toEqual(expected);
    for (const amount of expected.slice(3)) expect(amount).toBeGreaterThan(0);
    expect(invoice.total_minor).toBe(expected.reduce((sum, amount) => sum + amount, 0));
  });

  it("shows the same numbers in its PDF, and a name in any script", async () => {
    const response = await platform.call(`GET /api/v1/workspaces/${ada.workspaceId}/invoices/${invoice.id}.pdf`, { as: ada.as });
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "application/pdf"]);
    const file = new TextEncoder().encode(response.body);
    expect(hasSoundTable(file)).toBe(true);
    const texts = pdfTexts(file);
    for (const { amount, used, unit_price } of invoice.lines) {
      expect(texts).toContain(amount);
      if (used !== null) expect(texts).toEqual(expect.arrayContaining([String(used), unit_price]));
    }
    expect(texts).toEqual(expect.arrayContaining([`Invoice ${invoice.number}`, invoice.subtotal, invoice.total, "王小明 & Søn – Åse"]));
  });

  it("is traced from a run to its lines, and from a line to its events", async () => {
    const ctx = platform.context();
    for (const index of [0, 1, 2, 3, 4, 777]) {
      const used = await usageOfRun(ctx, ada.workspaceId, `run_${index}`);
      expect(used.length).toBeGreaterThan(1);
      for (const { id, meter, occurred_at, invoice_line } of used) {
        const from = Date.parse(occurred_at) < CHANGE ? MARCH : CHANGE;
        expect([id, invoice_line]).toEqual([
          id,
          { invoice_id: invoice.id, number: invoice.number, line: lineOf("overage", meter, from).line },
        ]);
      }
    }
    const { line, used } = lineOf("overage", "requests", CHANGE);
    let [sum, cursor] = [0, undefined as string | undefined];
    do {
      const page = await eventsOfLine(ctx, ada.workspaceId, invoice.id, line, { limit: 5_000, cursor });
      sum += page.data.reduce((total, { quantity }) => total + quantity, 0);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(sum).toBe(used);
  });

  it("is billed once, however often it is asked for, also at the same time", async () => {
    const ctx = contextAt(APRIL + 3 * HOUR);
    await Promise.all(Array.from({ length: 4 }, () => settleWorkspace(ctx, ada.workspaceId)));
    expect((await call("GET /invoices")).body.data).toHaveLength(1);
  });

  it("is corrected afterwards on the next invoice, which names the time it is about", async () => {
    const ctx = contextAt(MAY - HOUR);
    const late: UsageEvent = { id: "late", meter: "requests", quantity: 54_321, occurred_at: CHANGE - 5 };
    const correction = {
      reference: "ticket-2",
      meter: "requests",
      quantity: late.quantity,
      occurredAt: late.occurred_at,
      reason: "Lost",
    } as const;
    const first = await correctUsage(ctx, ada.workspaceId, correction);
    expect(await correctUsage(ctx, ada.workspaceId, correction)).toEqual(first);
    await openPeriod(ctx, ada.workspaceId);
    await aggregateUsage(ctx);
    await settleWorkspace(contextAt(MAY + 2 * HOUR), ada.workspaceId);
    const { body } = await call("GET /invoices");
    const next = (await call(`GET /invoices/${body.data[0].id}`)).body.data;
    const difference = owed("requests", MARCH, CHANGE, SMALL, [late]) - owed("requests", MARCH, CHANGE, SMALL);
    expect(next.lines).toEqual([
      expect.objectContaining({ kind: "base", amount_minor: LARGE.price }),
      expect.objectContaining({ kind: "adjustment", meter: "requests", used: late.quantity, amount_minor: difference }),
    ]);
    expect(next.lines[1].covers_start).toBe("2026-03-01T05:00:00.000Z");
    const { data } = (await call(`GET /invoices/${next.id}/lines/2/events`)).body;
    expect(data.map((event: { id: string; reason: string }) => [event.id, event.reason])).toEqual([[first.id, "Lost"]]);
    expect([invoice.number, next.number]).toEqual(["INV-000001", "INV-000002"]);
  });
});
