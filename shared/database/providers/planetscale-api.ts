import { z } from "zod";
import type { Clock } from "#platform/clock";
import { AppError } from "#platform/errors";
import { notUnderstood, providerFailure, REQUEST_LIMIT_MS } from "./provider-calls.ts";

const PROVIDER = "PlanetScale";
const BASE_URL = "https://api.planetscale.com/v1";
/** Every database has this branch, and its production data is there. */
const BRANCH = "main";
const PAGE = 100;
const NOT_FOUND = 404;
const UNPROCESSABLE = 422;

const databaseSchema = z.object({ name: z.string(), state: z.string() });
const passwordSchema = z.object({ id: z.string().min(1), name: z.string() });
const pageSchema = z.object({ next_page: z.number().int().nullish(), data: z.array(passwordSchema) });
const newPasswordSchema = z.object({ username: z.string().min(1), plain_text: z.string().min(1), access_host_url: z.string().min(1) });
const errorSchema = z.object({ code: z.string().optional() });

type Password = z.infer<typeof passwordSchema>;
type PasswordPage = z.infer<typeof pageSchema>;

export interface PlanetscaleApiOptions {
  readonly organization: string;
  readonly tokenId: string;
  readonly token: string;
  readonly clock: Clock;
  readonly baseUrl?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
}

interface Answer {
  readonly response: Response;
  /** As JSON. */
  readonly body: unknown;
}

interface NewDatabase {
  readonly name: string;
  readonly region: string;
  readonly cluster_size: string;
  readonly kind: "mysql";
}

/**
 * The part of PlanetScale's API that databases are made with (https://planetscale.com/docs/api/reference). Throws
 * upstream_unavailable for what may succeed later, database_unavailable for everything else.
 */
export interface PlanetscaleApi {
  /** `null` when there is no such database. */
  database(name: string): Promise<z.infer<typeof databaseSchema> | null>;
  /** `null` when PlanetScale declines: the name is taken, or a limit is reached. */
  createDatabase(body: NewDatabase): Promise<z.infer<typeof databaseSchema> | null>;
  /** Deleting what is not there is no error. */
  deleteDatabase(name: string): Promise<void>;
  /** The passwords of the main branch; of a database that is gone, none. */
  passwords(database: string): Promise<readonly Password[]>;
  createPassword(database: string, body: { name: string; role: string }): Promise<z.infer<typeof newPasswordSchema>>;
  deletePassword(database: string, id: string): Promise<void>;
}

/** `undefined` when the text is no JSON, which no schema accepts. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function createPlanetscaleApi(options: PlanetscaleApiOptions): PlanetscaleApi {
  const { organization, tokenId, token, clock, baseUrl = BASE_URL } = options;
  const databases = `/organizations/${encodeURIComponent(organization)}/databases`;
  const databasePath = (name: string) => `${databases}/${encodeURIComponent(name)}`;
  const passwordsPath = (database: string) => `${databasePath(database)}/branches/${BRANCH}/passwords`;

  async function send(method: string, path: string, body?: object): Promise<Answer> {
    const request = new Request(`${baseUrl}${path}`, {
      method,
      headers: { authorization: `${tokenId}:${token}`, accept: "application/json", "content-type": "application/json" },
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    try {
      const response = await (options.fetch ?? fetch)(request);
      return { response, body: parseJson(await response.text()) };
    } catch {
      throw providerFailure({ provider: PROVIDER, response: undefined, code: undefined }, clock);
    }
  }

  function refusal({ response, body }: Answer): AppError {
    return providerFailure({ provider: PROVIDER, response, code: errorSchema.safeParse(body).data?.code }, clock);
  }

  /** What the schema reads in the answer; `null` for the status that means that there is nothing. */
  function read<T>(schema: z.ZodType<T>, answer: Answer, nothing: number): T | null {
    if (answer.response.status === nothing) return null;
    if (!answer.response.ok) throw refusal(answer);
    const parsed = schema.safeParse(answer.body);
    if (!parsed.success) throw notUnderstood(PROVIDER);
    return parsed.data;
  }

  async function remove(path: string): Promise<void> {
    const answer = await send("DELETE", path);
    if (!answer.response.ok && answer.response.status !== NOT_FOUND) throw refusal(answer);
  }

  return {
    database: async (name) => read(databaseSchema, await send("GET", databasePath(name)), NOT_FOUND),
    createDatabase: async (body) => read(databaseSchema, await send("POST", databases, body), UNPROCESSABLE),
    deleteDatabase: (name) => remove(databasePath(name)),
    async passwords(database) {
      const found: Password[] = [];
      for (let next: number | null | undefined = 1; next; ) {
        const answer = await send("GET", `${passwordsPath(database)}?page=${next}&per_page=${PAGE}`);
        const page: PasswordPage | null = read(pageSchema, answer, NOT_FOUND);
        found.push(...(page?.data ?? []));
        next = page?.next_page;
      }
      return found;
    },
    async createPassword(database, body) {
      const made = read(newPasswordSchema, await send("POST", passwordsPath(database), body), NOT_FOUND);
      if (!made) throw new AppError("database_unavailable", "The workspace has no database at PlanetScale.");
      return made;
    },
    deletePassword: (database, id) => remove(`${passwordsPath(database)}/${encodeURIComponent(id)}`),
  };
}
