import type { Driver } from "../engines/driver.ts";
import { createPostgresRoles } from "./postgres-roles.ts";
import type { Provider } from "./provider.ts";

/** Any PostgreSQL server (15 or later) with an admin address whose role may make roles and databases. */
export function createPostgresProvider(adminUrl: string, driver: Driver): Provider {
  const roles = createPostgresRoles(driver);
  return {
    engine: "postgres",
    async create(target) {
      await roles.create(adminUrl, target);
      return { reference: null };
    },
    status: (target) => roles.status(adminUrl, target),
    issue: (target, role, draft) => roles.issue(adminUrl, target, role, draft),
    revokeOthers: (target, role, generation) => roles.revokeOthers(adminUrl, target, role, generation),
    suspend: (target) => roles.suspend(adminUrl, target),
    resume: (target) => roles.resume(adminUrl, target),
    destroy: (target) => roles.destroy(adminUrl, target),
    address({ name }, { username, password }) {
      const url = new URL(adminUrl);
      url.username = username;
      url.password = password;
      url.pathname = `/${name}`;
      return url.href;
    },
  };
}
