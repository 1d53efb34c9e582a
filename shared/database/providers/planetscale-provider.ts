import { AppError } from "#platform/errors";
import { createPlanetscaleApi, type PlanetscaleApiOptions } from "./planetscale-api.ts";
import type { DatabaseRole, DatabaseTarget, Provider } from "./provider.ts";
import { type CallOptions, persistent } from "./provider-calls.ts";
import { PLANETSCALE_REGIONS, providerRegion } from "./provider-regions.ts";

export interface PlanetscaleOptions extends PlanetscaleApiOptions, CallOptions {
  /** What each database costs: PlanetScale's name of the cluster's size. */
  readonly clusterSize?: string | undefined;
}

const SMALLEST_CLUSTER = "PS_10";

/** PlanetScale's roles of passwords: an admin may change the schema, a readwriter only rows (https://planetscale.com/docs/concepts/password-roles). */
const PASSWORD_ROLES: Readonly<Record<DatabaseRole, string>> = { owner: "admin", runtime: "readwriter" };

const passwordName = (role: DatabaseRole, generation: number) => `agentflow-${role}-${generation}`;

/** The generation that a password is of, or `null` when it is none of this role's. */
function generationOf(name: string, role: DatabaseRole): number | null {
  const match = /^agentflow-(owner|runtime)-(\d+)$/.exec(name);
  return match?.[1] === role ? Number(match[2]) : null;
}

/** PlanetScale's names are lower-case letters, digits and hyphens. */
const databaseOf = ({ name, reference }: DatabaseTarget) => reference ?? name.toLowerCase().replaceAll("_", "-");

/**
 * A PlanetScale database for each workspace, entered with passwords of its main branch. What PlanetScale is too busy for is
 * tried again for half a minute, by every call.
 *
 * PlanetScale tells a password once. Repeating `issue` for a generation therefore replaces that generation's password: what an
 * earlier call may have answered is void. And it has no switch for a database: `suspend` deletes the runtime passwords, `resume`
 * has nothing to give back, so that its caller issues the next generation; `status` cannot tell a suspended database from one
 * whose runtime entry was never issued, and answers `ready`.
 */
export function createPlanetscaleProvider(options: PlanetscaleOptions): Provider {
  const api = createPlanetscaleApi(options);

  /** Deletes the role's passwords of the generations that are meant. */
  async function revoke(target: DatabaseTarget, role: DatabaseRole, isMeant: (generation: number) => boolean): Promise<void> {
    const database = databaseOf(target);
    for (const { id, name } of await api.passwords(database)) {
      const generation = generationOf(name, role);
      if (generation !== null && isMeant(generation)) await api.deletePassword(database, id);
    }
  }

  const provider: Provider = {
    engine: "mysql",
    async create(target) {
      const name = databaseOf(target);
      if (await api.database(name)) return { reference: name };
      const region = providerRegion(PLANETSCALE_REGIONS, target.region);
      const made = await api.createDatabase({ name, region, cluster_size: options.clusterSize ?? SMALLEST_CLUSTER, kind: "mysql" });
      // Refused: the name may be taken since, by somebody who makes the same database.
      if (!made && !(await api.database(name))) {
        throw new AppError(
          "database_unavailable",
          "PlanetScale makes no further database: its plan or a limit of the organization forbids it.",
        );
      }
      return { reference: name };
    },
    async status(target) {
      const database = await api.database(databaseOf(target));
      if (!database) return "absent";
      return database.state === "ready" ? "ready" : "pending";
    },
    async issue(target, role, { generation }) {
      await revoke(target, role, (other) => other === generation);
      const body = { name: passwordName(role, generation), role: PASSWORD_ROLES[role] };
      const { username, plain_text: password, access_host_url: host } = await api.createPassword(databaseOf(target), body);
      return { username, password, host };
    },
    async revokeOthers(target, role, generation) {
      await revoke(target, role, (other) => other !== generation);
    },
    async suspend(target) {
      await revoke(target, "runtime", () => true);
    },
    async resume() {
      // The next generation of the runtime role's entry is what lets it in again.
    },
    async destroy(target) {
      await api.deleteDatabase(databaseOf(target));
    },
    address(target, { username, password, host }) {
      if (host === null) throw new AppError("internal", "An entry of a database at PlanetScale names its host.");
      const url = new URL(`mysql://${host}/${databaseOf(target)}`);
      url.username = username;
      url.password = password;
      return url.href;
    },
  };
  return persistent(provider, options);
}
