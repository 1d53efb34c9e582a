import type { ApiAnswer } from "../api-double.ts";
import { type Operation, statusAt } from "./operations.ts";
import type { Project } from "./projects.ts";

const date = (milliseconds: number) => new Date(milliseconds).toISOString();

/** An error as Neon's API tells it (GeneralError). */
export function failure(status: number, message: string, code = ""): ApiAnswer {
  return { status, body: { request_id: "00000000-0000-0000-0000-000000000000", code, message } };
}

/** A project (Project, ProjectListItem): what both have in common. */
export function projectOnWire({ id, name, regionId, createdAt }: Project): object {
  return {
    id,
    name,
    region_id: regionId,
    platform_id: regionId.split("-")[0],
    provisioner: "k8s-neonvm",
    pg_version: 18,
    proxy_host: `${regionId.replace(/^aws-/, "")}.aws.neon.tech`,
    branch_logical_size_limit: 512,
    branch_logical_size_limit_bytes: 536_870_912,
    store_passwords: true,
    active_time: 0,
    cpu_used_sec: 0,
    creation_source: "api",
    owner_id: "org-double",
    created_at: date(createdAt),
    updated_at: date(createdAt),
  };
}

export function operationOnWire(operation: Operation, { id, branchId }: Project, now: number): object {
  const status = statusAt(operation, now);
  return {
    id: operation.id,
    project_id: id,
    branch_id: branchId,
    action: operation.action,
    status,
    failures_count: status === "failed" ? 1 : 0,
    created_at: date(operation.createdAt),
    updated_at: date(Math.min(now, operation.endsAt)),
    total_duration_ms: Math.max(0, Math.min(now, operation.endsAt) - operation.createdAt),
  };
}

/** Items after the cursor's one, and the cursor of the last of them; `key` is what a cursor holds. */
export function page<T>(items: readonly T[], query: URLSearchParams, fallback: number, limit: number, key: (item: T) => string) {
  const size = Math.min(Math.max(1, Number(query.get("limit") ?? fallback) || fallback), limit);
  const cursor = query.get("cursor");
  const start = cursor === null ? 0 : items.findIndex((item) => key(item) === cursor) + 1;
  const taken = items.slice(start, start + size);
  const last = taken.at(-1);
  return { taken, pagination: last === undefined ? {} : { pagination: { cursor: key(last) } } };
}
