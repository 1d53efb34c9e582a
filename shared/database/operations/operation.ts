import { z } from "zod";

/** Rows of one answer, at most; also the most that one insert or upsert takes. */
export const MAX_ROWS = 1000;
const DEFAULT_LIMIT = 100;

const rowSchema = z.record(z.string(), z.unknown());
const valuesSchema = z.union([rowSchema, z.array(rowSchema).min(1).max(MAX_ROWS)]);

export const WHERE_OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "like", "is_null"] as const;
export type WhereOperator = (typeof WHERE_OPERATORS)[number];

const table = z.string();
const where = z.record(z.string(), z.unknown());
const orderBySchema = z.strictObject({ column: z.string(), direction: z.enum(["asc", "desc"]).default("asc") });

/** Operations of one transaction, at most. */
const MAX_OPERATIONS = 20;

const singleOperationSchema = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("select"),
    table,
    where: where.optional(),
    order_by: z.array(orderBySchema).max(8).optional(),
    limit: z.number().int().min(0).max(MAX_ROWS).default(DEFAULT_LIMIT),
    offset: z.number().int().min(0).max(1_000_000_000).default(0),
  }),
  z.strictObject({ operation: z.literal("count"), table, where: where.optional() }),
  z.strictObject({ operation: z.literal("insert"), table, values: valuesSchema }),
  z.strictObject({
    operation: z.literal("upsert"),
    table,
    values: valuesSchema,
    /** The unique columns that decide whether a row exists already; by default the id or the unique column among the values. */
    conflict: z.array(z.string()).min(1).max(8).optional(),
  }),
  z.strictObject({ operation: z.literal("update"), table, values: rowSchema, where }),
  z.strictObject({ operation: z.literal("delete"), table, where }),
  z.strictObject({ operation: z.literal("sql"), sql: z.string().max(20_000), params: z.array(z.unknown()).max(200).optional() }),
]);
/** One operation on its own. */
export type SingleOperation = z.infer<typeof singleOperationSchema>;

/** What a db node does, with every expression already resolved to a value: one operation, or several that all happen or none. */
export const dbOperationSchema = z.discriminatedUnion("operation", [
  singleOperationSchema,
  z.strictObject({ operation: z.literal("transaction"), operations: z.array(singleOperationSchema).min(1).max(MAX_OPERATIONS) }),
]);

export type DbOperation = z.infer<typeof dbOperationSchema>;

export interface OperationResult {
  readonly rows: Record<string, unknown>[];
  /** Rows selected, counted or changed. */
  readonly count: number;
  /** What each operation of a transaction gave; its `rows` and `count` are those of the last. */
  readonly results?: readonly Omit<OperationResult, "results">[];
}
