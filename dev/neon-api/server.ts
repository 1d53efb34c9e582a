import { z } from "zod";
import { type ApiAnswer, type ApiDouble, type ApiRequest, startApiDouble } from "../api-double.ts";
import { createDoubleClock, type DoubleClock, type DoubleTime } from "../double-clock.ts";
import { createProjects, type Project, type Projects } from "./projects.ts";
import { failure, operationOnWire, page, projectOnWire } from "./wire.ts";

export interface NeonApiOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly apiKey: string;
  /** A superuser of the PostgreSQL server (16 or later) where the projects' databases are made. */
  readonly adminUrl: string;
  readonly time?: DoubleTime;
  /** How many projects the account may have. */
  readonly projectsLimit?: number;
}

export interface NeonApi extends Pick<ApiDouble, "seen" | "interfere" | "close"> {
  /** What a client takes as its base address. */
  readonly baseUrl: string;
  readonly clock: DoubleClock;
  /** The account's projects, newest first. */
  projects(): readonly { readonly name: string; readonly region: string }[];
  /** A project that others made; its database comes into being like every other one. */
  addProject(name: string): void;
  /** The next operation of this kind, such as `start_compute`, ends as failed. */
  failNext(action: string): void;
}

const FREE_PLAN_PROJECTS = 100;
const PREFIX = "/api/v2";

const createSchema = z.object({
  project: z.object({
    name: z.string().max(256).default("double"),
    region_id: z
      .string()
      .regex(/^(aws|azure)-[a-z0-9-]+$/)
      .default("aws-us-east-1"),
    branch: z
      .object({ database_name: z.string().default("neondb"), role_name: z.string().optional() })
      .default({ database_name: "neondb" }),
  }),
});

/**
 * A double of Neon's management API (https://api-docs.neon.tech): projects, their operations and their connection strings, which
 * lead to real databases on the given server. Listens on this machine only.
 */
export async function startNeonApi(options: NeonApiOptions): Promise<NeonApi> {
  const { port, apiKey, adminUrl, time = "wall", projectsLimit = FREE_PLAN_PROJECTS } = options;
  const clock = createDoubleClock(time);
  const projects = createProjects({ adminUrl, clock });
  const double = await startApiDouble({
    port,
    prefix: PREFIX,
    failure,
    respond: async (request) => {
      if (request.authorization !== `Bearer ${apiKey}`) return failure(401, "authentication token failed validation");
      return respond(request, { projects, clock, projectsLimit });
    },
  });
  return {
    baseUrl: `${double.origin}${PREFIX}`,
    clock,
    seen: double.seen,
    interfere: double.interfere,
    close: double.close,
    projects: () => projects.list().map(({ name, regionId: region }) => ({ name, region })),
    addProject: (name) => void projects.create({ name, regionId: "aws-us-east-1", role: "neondb_owner", database: "neondb" }),
    failNext: projects.failNext,
  };
}

interface Account {
  readonly projects: Projects;
  readonly clock: DoubleClock;
  readonly projectsLimit: number;
}

async function respond({ method, path, query, body }: ApiRequest, account: Account): Promise<ApiAnswer> {
  const [collection, id, part, ...rest] = path;
  if (collection !== "projects" || rest.length > 0) return failure(404, "this path does not exist");
  if (id === undefined) return method === "POST" ? create(body, account) : list(query, account);
  const project = account.projects.find(id);
  if (!project) return failure(404, "project not found");
  if (part === undefined && method === "GET") return { status: 200, body: { project: projectOnWire(project) } };
  if (part === undefined && method === "DELETE") return remove(project, account);
  if (part === "operations" && method === "GET") return operations(project, query, account);
  if (part === "connection_uri" && method === "GET") return connectionUri(project, query, account);
  return failure(404, "this path does not exist");
}

function list(query: URLSearchParams, { projects }: Account): ApiAnswer {
  const search = query.get("search") ?? "";
  const found = projects.list().filter(({ id, name }) => name.includes(search) || id.includes(search));
  const { taken, pagination } = page(found, query, 10, 400, ({ id }) => id);
  return { status: 200, body: { projects: taken.map(projectOnWire), unavailable_project_ids: [], ...pagination } };
}

function create(body: unknown, { projects, clock, projectsLimit }: Account): ApiAnswer {
  const input = createSchema.safeParse(body);
  if (!input.success) return failure(400, "the request body is not valid");
  if (projects.list().length >= projectsLimit) return failure(422, "projects limit exceeded", "PROJECTS_LIMIT_EXCEEDED");
  const { name, region_id: regionId, branch } = input.data.project;
  const role = branch.role_name ?? `${branch.database_name}_owner`;
  const project = projects.create({ name, regionId, role, database: branch.database_name });
  const made = project.operations.map((operation) => operationOnWire(operation, project, clock.now()));
  return { status: 201, body: { project: projectOnWire(project), operations: made } };
}

async function remove(project: Project, { projects }: Account): Promise<ApiAnswer> {
  if (projects.isLocked(project)) {
    return failure(423, "project already has running conflicting operations, scheduling of new ones is prohibited");
  }
  await projects.remove(project);
  return { status: 200, body: { project: projectOnWire(project) } };
}

function operations(project: Project, query: URLSearchParams, { clock }: Account): ApiAnswer {
  const { taken, pagination } = page(project.operations.toReversed(), query, 10, 1000, ({ id }) => id);
  const found = taken.map((operation) => operationOnWire(operation, project, clock.now()));
  return { status: 200, body: { operations: found, ...pagination } };
}

async function connectionUri(project: Project, query: URLSearchParams, { projects }: Account): Promise<ApiAnswer> {
  const { role, database } = project.names;
  if (query.get("role_name") !== role) return failure(404, "role not found");
  if (query.get("database_name") !== database) return failure(404, "database not found");
  return { status: 200, body: { uri: await projects.connectionUri(project) } };
}
