import type { ApiAnswer } from "../api-double.ts";
import type { Database, Password } from "./databases.ts";

const date = (milliseconds: number) => new Date(milliseconds).toISOString();

const CODES: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  422: "unprocessable",
  429: "rate_limit_exceeded",
};

/** An error as PlanetScale's API tells it. */
export function failure(status: number, message: string): ApiAnswer {
  return { status, body: { code: CODES[status] ?? "internal_server_error", message } };
}

const regionOnWire = (slug: string) => ({
  id: slug,
  type: "Region",
  provider: slug.startsWith("gcp-") ? "GCP" : "AWS",
  enabled: true,
  public_ip_addresses: [],
  display_name: slug,
  location: slug,
  slug,
});

export function databaseOnWire({ id, name, region, kind, createdAt }: Database, isReady: boolean, organization: string): object {
  const url = `https://api.planetscale.com/v1/organizations/${organization}/databases/${name}`;
  return {
    id,
    type: "Database",
    name,
    kind,
    url,
    branches_url: `${url}/branches`,
    branches_count: 1,
    development_branches_count: 0,
    production_branches_count: 1,
    issues_count: 0,
    multiple_admins_required_for_deletion: false,
    ready: isReady,
    at_backup_restore_branches_limit: false,
    region: regionOnWire(region),
    html_url: `https://app.planetscale.com/${organization}/${name}`,
    state: isReady ? "ready" : "pending",
    sharded: false,
    default_branch: "main",
    default_branch_shard_count: 0,
    default_branch_read_only_regions_count: 0,
    default_branch_table_count: 0,
    require_approval_for_deploy: false,
    allow_data_branching: false,
    restrict_branch_region: false,
    insights_raw_queries: false,
    plan: "scaler_pro",
    production_branch_web_console: false,
    created_at: date(createdAt),
    updated_at: date(createdAt),
  };
}

/** A password; its text, which is told once, is added by whoever made it. */
export function passwordOnWire({ id, name, role, username, createdAt }: Password, host: string): object {
  return {
    id,
    type: "Password",
    name,
    role,
    cidrs: null,
    created_at: date(createdAt),
    deleted_at: null,
    expires_at: null,
    last_used_at: null,
    expired: false,
    ttl_seconds: null,
    access_host_url: host,
    username,
    replica: false,
    renewable: false,
    database_branch: {
      id: "main",
      type: "DatabaseBranch",
      name: "main",
      production: true,
      access_host_url: host,
      mysql_edge_address: host,
    },
  };
}

/** One page of a list, as `page` and `per_page` ask for it. */
export function pageOnWire<T>(items: readonly T[], query: URLSearchParams, onWire: (item: T) => object): object {
  const page = Math.max(1, Number(query.get("page") ?? 1) || 1);
  const size = Math.min(100, Math.max(1, Number(query.get("per_page") ?? 25) || 25));
  const data = items.slice((page - 1) * size, page * size).map(onWire);
  const next = page * size < items.length ? page + 1 : null;
  const previous = page > 1 ? page - 1 : null;
  return {
    type: "list",
    current_page: page,
    per_page: size,
    next_page: next,
    next_page_url: next === null ? null : `?page=${next}&per_page=${size}`,
    prev_page: previous,
    prev_page_url: previous === null ? null : `?page=${previous}&per_page=${size}`,
    data,
  };
}
