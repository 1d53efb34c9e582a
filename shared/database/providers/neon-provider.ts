import { AppError } from "#platform/errors";
import { createNeonProjects, type NeonOperation, type NeonProjectsOptions } from "./neon-projects.ts";
import type { PostgresRoles } from "./postgres-roles.ts";
import type { DatabaseTarget, Provider } from "./provider.ts";
import { type CallOptions, persistent, untilAnswered } from "./provider-calls.ts";
import { NEON_REGIONS, providerRegion } from "./provider-regions.ts";

export interface NeonOptions extends NeonProjectsOptions, CallOptions {
  /** What makes a database and its roles within a project. */
  readonly roles: Omit<PostgresRoles, "destroy">;
}

/** Without these a project cannot be entered; what else Neon does with a project by itself is of no concern here. */
const NEEDED = new Set(["create_timeline", "create_branch", "create_compute", "start_compute"]);
const UNFINISHED = new Set(["scheduling", "running", "cancelling"]);
const FAILED = new Set(["failed", "error", "cancelled"]);

/** Whether a project can be entered. A failure counts until the same thing has been done after it. */
function readiness(operations: readonly NeonOperation[]): "pending" | "ready" | { readonly failed: string } {
  const needed = operations.filter(({ action }) => NEEDED.has(action));
  if (needed.some(({ status }) => UNFINISHED.has(status))) return "pending";
  const newestFirst = needed.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
  const failed = newestFirst.find(({ action, status }, index) => {
    return FAILED.has(status) && !newestFirst.slice(0, index).some((newer) => newer.action === action);
  });
  return failed ? { failed: failed.action } : "ready";
}

/**
 * A Neon project for each workspace, found again by its name; in it, the database and the roles that SQL makes, as on any
 * PostgreSQL server. What Neon is too busy for is tried again for half a minute, by every call.
 *
 * A project whose making Neon reports as failed is never deleted here: `status` throws database_unavailable and says so, and a
 * caller that knows the project to hold no data yet calls `destroy` and begins again.
 */
export function createNeonProvider(options: NeonOptions): Provider {
  const { roles } = options;
  const projects = createNeonProjects(options);

  const projectOf = async ({ name, reference }: DatabaseTarget): Promise<string | null> =>
    reference ?? (await projects.find(name))[0]?.id ?? null;

  async function adminUrl(target: DatabaseTarget): Promise<string> {
    const project = await projectOf(target);
    const url = project === null ? null : await projects.adminUrl(project);
    if (url === null) throw new AppError("database_unavailable", "The workspace's database has no project at Neon.");
    return url;
  }

  async function makeProject({ name, region }: DatabaseTarget): Promise<string> {
    const made = await projects.create(name, providerRegion(NEON_REGIONS, region));
    // Somebody else may have made one at the same moment. Everybody keeps the oldest, so nobody can have kept another.
    const [oldest] = await projects.find(name);
    if (!oldest || oldest.id === made.id) return made.id;
    await untilAnswered(() => projects.remove(made.id), options);
    return oldest.id;
  }

  const provider: Provider = {
    engine: "postgres",
    async create(target) {
      return { reference: (await projectOf(target)) ?? (await makeProject(target)) };
    },
    async status(target) {
      const project = await projectOf(target);
      const operations = project === null ? null : await projects.operations(project);
      if (operations === null) return "absent";
      const state = readiness(operations);
      if (state === "pending") return "pending";
      if (state !== "ready") throw new AppError("database_unavailable", `Neon could not finish the project (${state.failed} failed).`);
      // In a project that is ready, the first entry to be issued makes the database.
      const inside = await roles.status(await adminUrl({ ...target, reference: project }), target);
      return inside === "absent" ? "ready" : inside;
    },
    async issue(target, role, draft) {
      const url = await adminUrl(target);
      await roles.create(url, target);
      return { ...(await roles.issue(url, target, role, draft)), host: new URL(url).host };
    },
    async revokeOthers(target, role, generation) {
      await roles.revokeOthers(await adminUrl(target), target, role, generation);
    },
    async suspend(target) {
      await roles.suspend(await adminUrl(target), target);
    },
    async resume(target) {
      await roles.resume(await adminUrl(target), target);
    },
    async destroy({ name, reference }) {
      const found = (await projects.find(name)).map(({ id }) => id);
      for (const id of new Set([...(reference === null ? [] : [reference]), ...found])) await projects.remove(id);
    },
    address({ name }, { username, password, host }) {
      if (host === null) throw new AppError("internal", "An entry of a database at Neon names its host.");
      // Without sslmode: Neon's driver speaks through HTTPS, whatever the connection string says.
      const url = new URL(`postgresql://${host}/${name}`);
      url.username = username;
      url.password = password;
      return url.href;
    },
  };
  return persistent(provider, options);
}
