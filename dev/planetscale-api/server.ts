import { z } from "zod";
import { type ApiAnswer, type ApiDouble, type ApiRequest, startApiDouble } from "../api-double.ts";
import { createDoubleClock, type DoubleClock, type DoubleTime } from "../double-clock.ts";
import { createDatabases, type Database, type Databases } from "./databases.ts";
import { createMysqlBranches, type PASSWORD_PRIVILEGES } from "./mysql-branch.ts";
import { databaseOnWire, failure, pageOnWire, passwordOnWire } from "./wire.ts";

export interface PlanetscaleApiOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly organization: string;
  readonly tokenId: string;
  readonly token: string;
  /** An administrator of the MySQL server where the databases are made. */
  readonly adminUrl: string;
  /** Where passwords are good for entering: the host, and port, of the server or of a gateway in front of it. */
  readonly accessHost: string;
  readonly time?: DoubleTime;
  /** How many databases the organization may have. */
  readonly databasesLimit?: number;
}

export interface PlanetscaleApi extends Pick<ApiDouble, "seen" | "interfere" | "close"> {
  /** What a client takes as its base address. */
  readonly baseUrl: string;
  readonly clock: DoubleClock;
  databases(): readonly { readonly name: string; readonly region: string }[];
  /** A password that somebody else made; nobody can enter with it. */
  addPassword(database: string, name: string): void;
  /** The names of the passwords of a database's main branch, oldest first. */
  passwordNames(database: string): readonly string[];
}

const PREFIX = "/v1";

const databaseSchema = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "name may hold lower-case letters, digits and hyphens"),
  region: z.string().default("us-east"),
  cluster_size: z.string(),
  kind: z.enum(["mysql", "postgresql"]).default("mysql"),
});
const passwordSchema = z.object({
  name: z.string().min(1),
  role: z.enum(["reader", "writer", "readwriter", "admin"] satisfies (keyof typeof PASSWORD_PRIVILEGES)[]).default("admin"),
});

/**
 * A double of the part of PlanetScale's management API (https://planetscale.com/docs/api/reference) that has to do with databases
 * and the passwords of their main branches, which are real databases and users on the given server. Listens on this machine only.
 */
export async function startPlanetscaleApi(options: PlanetscaleApiOptions): Promise<PlanetscaleApi> {
  const { port, organization, tokenId, token, adminUrl, accessHost, time = "wall", databasesLimit = Number.POSITIVE_INFINITY } = options;
  const clock = createDoubleClock(time);
  const databases = createDatabases(createMysqlBranches(adminUrl), clock);
  const double = await startApiDouble({
    port,
    prefix: PREFIX,
    failure,
    respond: async (request) => {
      if (request.authorization !== `${tokenId}:${token}`) return failure(401, "Unauthorized");
      return respond(request, { databases, organization, accessHost, databasesLimit });
    },
  });
  return {
    baseUrl: `${double.origin}${PREFIX}`,
    clock,
    seen: double.seen,
    interfere: double.interfere,
    close: double.close,
    databases: () => databases.list().map(({ name, region }) => ({ name, region })),
    addPassword: databases.addPassword,
    passwordNames: (name) => [...(databases.find(name)?.passwords.values() ?? [])].map((password) => password.name),
  };
}

interface Organization {
  readonly databases: Databases;
  readonly organization: string;
  readonly accessHost: string;
  readonly databasesLimit: number;
}

async function respond(request: ApiRequest, organization: Organization): Promise<ApiAnswer> {
  const [organizations, name, collection, database, ...rest] = request.path;
  if (organizations !== "organizations" || name !== organization.organization || collection !== "databases") {
    return failure(404, "Not Found");
  }
  if (database === undefined) return onDatabases(request, organization);
  const found = organization.databases.find(database);
  if (!found) return failure(404, "Not Found");
  return rest.length === 0 ? onDatabase(request, found, organization) : onBranch(request, rest, found, organization);
}

async function onDatabases(
  { method, query, body }: ApiRequest,
  { databases, organization, databasesLimit }: Organization,
): Promise<ApiAnswer> {
  const onWire = (database: Database) => databaseOnWire(database, databases.isReady(database), organization);
  if (method === "GET") return { status: 200, body: pageOnWire(databases.list(), query, onWire) };
  if (method !== "POST") return failure(404, "Not Found");
  const input = databaseSchema.safeParse(body);
  if (!input.success) return failure(422, input.error.issues[0]?.message ?? "Unprocessable");
  if (databases.find(input.data.name)) return failure(422, "Name has already been taken");
  if (databases.list().length >= databasesLimit) return failure(422, "The organization has reached its limit of databases");
  return { status: 201, body: onWire(await databases.create(input.data)) };
}

async function onDatabase({ method }: ApiRequest, database: Database, { databases, organization }: Organization): Promise<ApiAnswer> {
  if (method === "GET") return { status: 200, body: databaseOnWire(database, databases.isReady(database), organization) };
  if (method !== "DELETE") return failure(404, "Not Found");
  await databases.remove(database);
  return { status: 204 };
}

/** `branches/main/passwords` and `branches/main/passwords/:id`. */
async function onBranch(
  { method, query, body }: ApiRequest,
  [branches, branch, passwords, id, ...rest]: readonly string[],
  database: Database,
  { databases, accessHost }: Organization,
): Promise<ApiAnswer> {
  if (branches !== "branches" || branch !== "main" || passwords !== "passwords" || rest.length > 0) return failure(404, "Not Found");
  if (id !== undefined) {
    const password = database.passwords.get(id);
    if (!password || method !== "DELETE") return failure(404, "Not Found");
    await databases.removePassword(database, password);
    return { status: 204 };
  }
  if (method === "GET") {
    return { status: 200, body: pageOnWire([...database.passwords.values()], query, (password) => passwordOnWire(password, accessHost)) };
  }
  if (method !== "POST") return failure(404, "Not Found");
  const input = passwordSchema.safeParse(body);
  if (!input.success) return failure(422, input.error.issues[0]?.message ?? "Unprocessable");
  if (!databases.isReady(database)) return failure(422, "The branch is not ready");
  const made = await databases.createPassword(database, input.data);
  return { status: 201, body: { ...passwordOnWire(made.password, accessHost), plain_text: made.plainText } };
}
