import { z } from "zod";
import { TOOL_ROOTS } from "../../expressions/path.ts";
import { authSchema } from "../http-auth.ts";
import { headersSchema, METHODS, queryOrHeaders } from "../http-call.ts";
import { parametersSchema } from "./parameters.ts";

const OPERATIONS = ["select", "insert", "update", "delete", "count"] as const;
export type TableOperation = (typeof OPERATIONS)[number];

/** Entries of one list of tools; a table may give several tools. */
const MAX_TOOLS = 32;
/** What models take as the name of a tool. */
const toolName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, "Use letters, digits, _ and -, at most 64, beginning with a letter.");
const description = z.string().min(1).max(2_000);
const distinct = (names: readonly string[]) => new Set(names).size === names.length;

/** Another app of the workspace. */
const appToolSchema = z.strictObject({
  app: z.string().min(1).max(200),
  description: description.optional(),
  version: z.int().min(1).optional(),
});

/** A table of the app's own. */
const tableToolSchema = z.strictObject({
  table: z.string().min(1).max(64),
  description: description.optional(),
  operations: z.array(z.enum(OPERATIONS)).min(1).refine(distinct, "An operation is named twice.").default(["select"]),
  columns: z.array(z.string().min(1).max(64)).min(1).max(100).refine(distinct, "A column is named twice.").optional(),
});

const identity = { name: toolName, description, method: z.enum(METHODS).default("GET"), parameters: parametersSchema };

/** A request to a public address, as it is written: its url, query and body may name `args`. */
const httpToolSchema = z.strictObject({
  http: z.strictObject({
    ...identity,
    url: z.string().min(1).max(20_000),
    query: queryOrHeaders.optional(),
    body: z.unknown().optional(),
    headers: headersSchema.optional(),
    auth: authSchema.optional(),
  }),
});

/** The same once resolved: what names `args` is resolved with each call. */
const resolvedHttpToolSchema = z.object({
  http: z.object({ ...identity, headers: z.record(z.string(), z.unknown()).default({}), auth: authSchema.optional() }),
});

const BY_KIND = { app: appToolSchema, http: httpToolSchema, table: tableToolSchema };

/** One tool as it is written, with the faults of the kind that it names. */
const toolSchema = z.unknown().superRefine((tool, context) => {
  const kinds = (["app", "http", "table"] as const).filter((kind) => typeof tool === "object" && tool !== null && kind in tool);
  const [kind, other] = kinds;
  if (kind === undefined || other !== undefined) {
    context.addIssue({ code: "custom", message: "Give one of app, http and table." });
    return;
  }
  const { error } = BY_KIND[kind].safeParse(tool);
  for (const { path, message } of error?.issues ?? []) context.addIssue({ code: "custom", path, message });
});

/** What a model may use, as it is written. */
export const toolsSchema = z
  .array(toolSchema)
  .max(MAX_TOOLS)
  .refine((tools) => distinct(tools.flatMap(namesOf)), "Two tools have the same name.");

export const resolvedToolsSchema = z
  .array(z.union([appToolSchema, resolvedHttpToolSchema, tableToolSchema], "An expression in this tool gives what it cannot take."))
  .max(MAX_TOOLS);

export type ResolvedTool = z.infer<typeof resolvedToolsSchema>[number];
export type AppToolConfig = z.infer<typeof appToolSchema>;
export type HttpToolConfig = z.infer<typeof resolvedHttpToolSchema>["http"];
export type TableToolConfig = z.infer<typeof tableToolSchema>;

/** Where in a node's `tools` expressions see more than elsewhere. */
export const TOOL_PLACES = {
  lazyFields: ["tools[].http.url", "tools[].http.query", "tools[].http.body"],
  secretFields: ["tools[].http.headers", "tools[].http.auth"],
  localNames: TOOL_ROOTS,
};

/** The name by which a model calls an operation on a table. */
export function tableToolName(operation: TableOperation, table: string): string {
  return `${operation}_${table}`;
}

/** The names that a tool will have; none where it cannot be read, or an expression will say. */
function namesOf(tool: unknown): string[] {
  const table = tableToolSchema.safeParse(tool).data;
  if (table) return table.operations.map((operation) => tableToolName(operation, table.table));
  const app = appToolSchema.safeParse(tool).data;
  const name = app ? app.app : httpToolSchema.safeParse(tool).data?.http.name;
  return name === undefined || name.includes("{{") ? [] : [name];
}

/** The tables that a list of tools names, as far as it can be read. */
export function tableTools(tools: unknown): { readonly index: number; readonly tool: TableToolConfig }[] {
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((one: unknown, index) => {
    const tool = tableToolSchema.safeParse(one).data;
    return tool ? [{ index, tool }] : [];
  });
}
