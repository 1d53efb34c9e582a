import { z } from "zod";
import { monthOf } from "../calendar.ts";

const statementSchema = z.object({ query: z.string(), params: z.array(z.unknown()) });

/** The platform database as a quota counter's driver sees it: a region, a plan, budgets, a ledger, and a place for notices. */
export class PlatformDatabase {
  up = true;
  /** What the plan includes in the month that is asked for. */
  requests: number | null = null;
  tokens: number | null = null;
  egress: number | null = null;
  /** Of what is beyond, by meter. */
  prices: Readonly<Record<string, number>> = {};
  /** By app. */
  budgets = new Map<string, { readonly requests: number | null; readonly tokens: number | null }>();
  ledger = { requests: 0, tokens: 0, egress_bytes: 0 };
  /** How often the period was read. */
  reads = 0;
  /** Ids of the notices that were given. */
  notices = new Set<string>();

  /** Answers a statement of the HTTP driver. */
  answer(body: string): Response {
    if (!this.up) return new Response("down", { status: 500 });
    const { query, params } = statementSchema.parse(JSON.parse(body));
    if (query.includes('from "workspaces"')) return rows([["auto"]]);
    if (query.includes('from "workspace_quotas"')) return rows([this.#period()]);
    if (query.includes('from "billing_plans"')) return rows([[JSON.stringify(this.#included())]]);
    if (query.startsWith('select "app_id" from "app_budgets"')) return rows([...this.budgets.keys()].map((app) => [app]));
    if (query.includes('from "app_budgets"')) {
      const budget = this.budgets.get(String(params[1]));
      return rows(budget ? [[budget.requests, budget.tokens]] : []);
    }
    if (query.includes('from "billing_usage_events"')) {
      return rows(Object.entries(this.ledger).filter(([meter]) => params.includes(meter)));
    }
    if (query.startsWith('insert into "runtime_events"')) {
      for (const param of params) if (String(param).startsWith("quota:")) this.notices.add(String(param));
      return rows([]);
    }
    throw new Error(`no answer to ${query}`);
  }

  /** A row of workspace_quotas for the month that is asked for. */
  #period(): unknown[] {
    this.reads += 1;
    const { periodStart, periodEnd } = monthOf(Date.now());
    const included = Object.entries(this.#included());
    const stops = Object.fromEntries(included.map(([meter, units]) => [meter, this.prices[meter] === undefined ? units : null]));
    return [new Date(periodStart).toISOString(), new Date(periodEnd).toISOString(), "team", JSON.stringify(stops), null, null];
  }

  #included() {
    const { requests, tokens, egress } = this;
    return { requests, tokens, db_storage_bytes: null, egress_bytes: egress, run_ms: null };
  }
}

function rows(found: unknown[][]): Response {
  const fields = (found[0] ?? []).map((_, index) => ({ name: `column${index}`, dataTypeID: 25 }));
  return Response.json({ command: "SELECT", rowCount: found.length, rowAsArray: true, fields, rows: found });
}
