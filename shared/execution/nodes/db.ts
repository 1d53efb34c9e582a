import { z } from "zod";
import { dbOperationSchema } from "#database";
import { defineNode, orExpression } from "./node.ts";

const values = orExpression(z.union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown())).min(1)]), "values");
const row = orExpression(z.record(z.string(), z.unknown()), "an object of columns");
const where = z.record(z.string(), z.unknown());
const table = z.string().min(1).max(64);
const count = orExpression(z.int().min(0), "a whole number");
const orderBy = z.array(z.strictObject({ column: z.string(), direction: z.enum(["asc", "desc"]).optional() })).max(8);

/** An operation as written. Tables, columns, conditions and SQL are literal; what they are compared with may be an expression. */
const singleSchema = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("select"),
    table,
    where: where.optional(),
    order_by: orderBy.optional(),
    limit: count.optional(),
    offset: count.optional(),
  }),
  z.strictObject({ operation: z.literal("count"), table, where: where.optional() }),
  z.strictObject({ operation: z.literal("insert"), table, values }),
  z.strictObject({ operation: z.literal("upsert"), table, values, conflict: z.array(z.string()).min(1).max(8).optional() }),
  z.strictObject({ operation: z.literal("update"), table, values: row, where: where.optional() }),
  z.strictObject({ operation: z.literal("delete"), table, where: where.optional() }),
  z.strictObject({ operation: z.literal("sql"), sql: z.string().min(1).max(20_000), params: z.array(z.unknown()).max(200).optional() }),
]);

const configSchema = z.discriminatedUnion("operation", [
  singleSchema,
  z.strictObject({ operation: z.literal("transaction"), operations: z.array(singleSchema).min(1).max(20) }),
]);

/** One operation on the workspace's own database, or several that all happen or none. */
export const db = defineNode({
  type: "db",
  title: "Database",
  configSchema,
  resolvedSchema: dbOperationSchema,
  literalFields: ["operation", "table", "order_by", "conflict", "sql"],
  run: async (operation, io) => {
    const { rows, count, results } = await io.services.executeOperation(operation, io.signal);
    return { output: results ? { rows, count, results } : { rows, count } };
  },
});
