import { createHmac } from "node:crypto";
import { type ApiAnswer, type ApiDouble, type ApiRequest, startApiDouble } from "../api-double.ts";
import { createDoubleClock, type DoubleClock, type DoubleTime } from "../double-clock.ts";
import { createIdempotency, KEPT_MS } from "./idempotency.ts";
import { createInvoices } from "./invoices.ts";
import { createSubscriptions } from "./subscriptions.ts";
import { failure, formAt, list, type Parameters, readForm, textAt, textsAt } from "./wire.ts";

export interface StripeApiOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly secretKey: string;
  readonly time?: DoubleTime;
  /** What a unit of each price of the account costs. */
  readonly prices?: Readonly<Record<string, number>>;
}

interface Customer {
  readonly id: string;
  readonly made: number;
  readonly metadata: Readonly<Record<string, string>>;
  name: string;
  email: string;
}

interface MeterEvent {
  readonly identifier: string;
  readonly name: string;
  readonly customer: string;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly receivedAt: number;
}

type Invoices = ReturnType<typeof createInvoices>;

export interface StripeApi
  extends Pick<ApiDouble, "origin" | "seen" | "interfere" | "close">,
    Pick<Invoices, "failPayment" | "payOnline" | "voidInvoice"> {
  readonly clock: DoubleClock;
  readonly customers: readonly Customer[];
  readonly invoices: Invoices["all"];
  readonly creditNotes: Invoices["notes"];
  readonly subscriptions: ReturnType<typeof createSubscriptions>["all"];
  readonly meterEvents: readonly MeterEvent[];
}

/** A customer is found by a search this long after it was made, in milliseconds. */
const SEARCH_LAG_MS = 60_000;

/**
 * A double of Stripe's API (https://docs.stripe.com/api), as far as billing uses it: customers, invoices, credit notes,
 * subscriptions and meter events, with idempotency keys. Listens on this machine only.
 */
export async function startStripeApi({ port, secretKey, time = "wall", prices = {} }: StripeApiOptions): Promise<StripeApi> {
  const clock = createDoubleClock(time);
  const once = createIdempotency(clock);
  const invoices = createInvoices(clock);
  const subscriptions = createSubscriptions(new Map(Object.entries(prices)));
  const customers = createCustomers(clock);
  const meters = createMeters(clock);

  function answer({ method, path, query, text }: ApiRequest): ApiAnswer {
    const form = readForm(method === "GET" ? query : new URLSearchParams(text));
    const [collection, ...rest] = path;
    switch (collection) {
      case "customers":
        return customers.respond(method, rest, form);
      case "invoices":
        return invoices.respond(method, rest, form);
      case "credit_notes":
        return invoices.respondNotes(method, form);
      case "subscriptions":
        return subscriptions.respond(method, rest, form);
      case "prices":
        return subscriptions.respondPrice(rest[0] ?? "");
      case "billing":
        return meters.respond(form);
      default:
        return failure(404, "Unrecognized request URL.");
    }
  }

  const double = await startApiDouble({
    port,
    prefix: "/v1",
    failure,
    respond: async (request) => {
      if (request.authorization !== `Bearer ${secretKey}`) return failure(401, "Invalid API Key provided");
      if (!request.headers["stripe-version"]) return failure(400, "The double answers requests that name a version.");
      return once(request, () => answer(request));
    },
  });
  return {
    origin: double.origin,
    seen: double.seen,
    interfere: double.interfere,
    close: double.close,
    clock,
    customers: customers.all,
    invoices: invoices.all,
    creditNotes: invoices.notes,
    subscriptions: subscriptions.all,
    meterEvents: meters.all,
    failPayment: invoices.failPayment,
    payOnline: invoices.payOnline,
    voidInvoice: invoices.voidInvoice,
  };
}

function createCustomers(clock: DoubleClock) {
  const all: Customer[] = [];
  const onWire = (customer: Customer) => ({ ...customer, object: "customer" });
  return {
    all,
    respond(method: string, [id]: readonly string[], form: Parameters): ApiAnswer {
      if (id === "search") {
        const wanted = /^metadata\["workspace_id"\]:"([^"]+)"$/.exec(textAt(form, "query") ?? "")?.[1];
        const findable = all.filter(({ made }) => made + SEARCH_LAG_MS <= clock.now());
        return list(findable.filter(({ metadata }) => metadata["workspace_id"] === wanted).map(onWire), "/v1/customers/search");
      }
      if (id === undefined && method === "POST") {
        const customer = { id: `cus_${all.length + 1}`, made: clock.now(), metadata: textsAt(form, "metadata"), name: "", email: "" };
        all.push(customer);
        return { status: 200, body: onWire(customer) };
      }
      const customer = all.find((one) => one.id === id);
      if (!customer || method !== "POST") return failure(404, `No such customer: '${id}'`, "resource_missing");
      Object.assign(customer, { name: textAt(form, "name") ?? customer.name, email: textAt(form, "email") ?? customer.email });
      return { status: 200, body: onWire(customer) };
    },
  };
}

function createMeters(clock: DoubleClock) {
  const all: MeterEvent[] = [];
  return {
    all,
    respond(form: Parameters): ApiAnswer {
      const identifier = textAt(form, "identifier") ?? "";
      if (all.some((event) => event.identifier === identifier && clock.now() - event.receivedAt < KEPT_MS)) {
        return failure(400, `An event already exists with identifier ${identifier}.`);
      }
      const payload = formAt(form, "payload");
      const event = {
        identifier,
        name: textAt(form, "event_name") ?? "",
        customer: textAt(payload, "stripe_customer_id") ?? "",
        value: Number(textAt(payload, "value")),
        timestamp: Number(textAt(form, "timestamp")),
        receivedAt: clock.now(),
      };
      if (identifier.length > 100) return failure(400, "Invalid string: identifier must be at most 100 characters");
      if (event.customer === "") return failure(400, "Missing customer mapping", "meter_event_customer_not_found");
      all.push(event);
      return {
        status: 200,
        body: { object: "billing.meter_event", identifier, event_name: event.name, payload: textsAt(form, "payload") },
      };
    },
  };
}

/** The header `Stripe-Signature` of a webhook that is sent at a time (ms), signed by each of the secrets. */
export function signWebhook(body: string, secrets: readonly string[], now: number): string {
  const seconds = Math.floor(now / 1_000);
  const signatures = secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`);
  return [`t=${seconds}`, ...signatures].join(",");
}
