import {
  type Client,
  createClient,
  createConfig,
  createProject,
  deleteProject,
  getConnectionUri,
  listProjectOperations,
  listProjects,
} from "@neon/sdk/raw";
import { z } from "zod";
import type { Clock } from "#platform/clock";
import { notUnderstood, providerFailure, REQUEST_LIMIT_MS } from "./provider-calls.ts";

const PROVIDER = "Neon";
const BASE_URL = "https://console.neon.tech/api/v2";
/** Items on one page: as many as Neon allows. */
const PAGE = { projects: 400, operations: 1000 };

/** The database and the role that every project is made with. The role may make roles and databases; nobody else uses them. */
const ADMIN = { database_name: "neondb", role_name: "neondb_owner" };

const projectSchema = z.object({ id: z.string().min(1), name: z.string(), created_at: z.string() });
const madeSchema = z.object({ project: projectSchema });
const pageSchema = z.object({ pagination: z.object({ cursor: z.string().optional() }).optional() });
const projectsSchema = pageSchema.extend({ projects: z.array(projectSchema), unavailable_project_ids: z.array(z.string()).optional() });
const operationSchema = z.object({ action: z.string(), status: z.string(), created_at: z.string() });
const operationsSchema = pageSchema.extend({ operations: z.array(operationSchema) });
const uriSchema = z.object({ uri: z.url() });

type NeonProject = z.infer<typeof projectSchema>;
export type NeonOperation = z.infer<typeof operationSchema>;

export interface NeonProjectsOptions {
  readonly apiKey: string;
  readonly clock: Clock;
  readonly baseUrl?: string | undefined;
  /** The organization that owns the projects; without it, the one that the key belongs to. */
  readonly orgId?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** Neon's projects. Throws upstream_unavailable for what may succeed later, database_unavailable for everything else. */
export interface NeonProjects {
  /** The projects of exactly this name, oldest first. */
  find(name: string): Promise<readonly NeonProject[]>;
  create(name: string, region: string): Promise<NeonProject>;
  /** `false` when there was nothing to be deleted. */
  remove(id: string): Promise<boolean>;
  /** What Neon does or did with the project, in no particular order; `null` when there is no such project. */
  operations(id: string): Promise<readonly NeonOperation[] | null>;
  /** The connection string of the project's administrator; `null` when there is no such project. */
  adminUrl(id: string): Promise<string | null>;
}

/** What the client resolves to; `error` is one of its own, whatever went wrong. */
interface Answer {
  readonly data?: unknown;
  readonly error?: { readonly kind: string; readonly code?: unknown } | undefined;
  readonly response?: Response;
}

export function createNeonProjects({ apiKey, clock, baseUrl = BASE_URL, orgId, fetch }: NeonProjectsOptions): NeonProjects {
  const client: Client = createClient(createConfig({ auth: () => apiKey, baseUrl, ...(fetch ? { fetch } : {}) }));
  const owner = orgId === undefined ? {} : { org_id: orgId };
  const bounds = () => ({ client, signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });

  /** `null` for a 404. */
  async function answered<T>(schema: z.ZodType<T>, call: Promise<Answer>): Promise<T | null> {
    const { data, error, response } = await call;
    if (response?.status === 404) return null;
    // A success with an error is an answer that was cut off, or is no JSON.
    if (error) throw providerFailure({ provider: PROVIDER, response: response?.ok ? undefined : response, code: error.code }, clock);
    const parsed = schema.safeParse(data);
    if (!parsed.success) throw notUnderstood(PROVIDER);
    return parsed.data;
  }

  /** The items of every page; `null` when already the first is not there. */
  async function everyPage<P extends z.infer<typeof pageSchema>, T>(
    size: number,
    ask: (query: { limit: number; cursor?: string }) => Promise<P | null>,
    itemsOf: (page: P) => readonly T[],
  ): Promise<T[] | null> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask({ limit: size, ...(cursor === undefined ? {} : { cursor }) });
      if (!page) return null;
      const found = itemsOf(page);
      items.push(...found);
      cursor = found.length < size ? undefined : page.pagination?.cursor;
    } while (cursor);
    return items;
  }

  return {
    async find(name) {
      const search = { search: name, ...owner };
      const projects = await everyPage(
        PAGE.projects,
        (query) => answered(projectsSchema, listProjects({ ...bounds(), query: { ...search, ...query } })),
        (page) => {
          // A list cut short by Neon's own time limit could hide the very project, and a second one would be made.
          if (page.unavailable_project_ids?.length)
            throw providerFailure({ provider: PROVIDER, response: undefined, code: undefined }, clock);
          return page.projects;
        },
      );
      if (!projects) throw notUnderstood(PROVIDER);
      // Neon also finds what merely contains the name.
      const exact = projects.filter((project) => project.name === name);
      return exact.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at) || (a.id < b.id ? -1 : 1));
    },
    async create(name, region) {
      const project = { name, region_id: region, branch: { name: "main", ...ADMIN }, ...owner };
      const made = await answered(madeSchema, createProject({ ...bounds(), body: { project } }));
      if (!made) throw notUnderstood(PROVIDER);
      return made.project;
    },
    async remove(id) {
      return (await answered(z.unknown(), deleteProject({ ...bounds(), path: { project_id: id } }))) !== null;
    },
    operations: (id) =>
      everyPage(
        PAGE.operations,
        (query) => answered(operationsSchema, listProjectOperations({ ...bounds(), path: { project_id: id }, query })),
        (page) => page.operations,
      ),
    async adminUrl(id) {
      const call = getConnectionUri({ ...bounds(), path: { project_id: id }, query: ADMIN });
      return (await answered(uriSchema, call))?.uri ?? null;
    },
  };
}
