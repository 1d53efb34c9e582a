import { z } from "zod";
import { LOOP_ROOTS } from "../expressions/path.ts";
import { isTruthy, withBraces } from "./condition.ts";
import { defineNode, type NodeIo, orExpression } from "./node.ts";

/** Turns of one loop. */
const MAX_TURNS = 1_000;
const MAX_CONCURRENCY = 20;

const configSchema = z
  .strictObject({
    items: orExpression(z.array(z.unknown()).max(MAX_TURNS), "a list").optional(),
    concurrency: z.int().min(1).max(MAX_CONCURRENCY).optional(),
    while: z.union([z.string().min(1).max(10_000), z.boolean()]).optional(),
    max: z.int().min(1).max(MAX_TURNS).optional(),
    /** A graph: checked as such, with its own faults. */
    body: z.unknown().optional(),
  })
  .refine((config) => (config.items === undefined) !== (config.while === undefined), "Give either items or while.")
  .refine((config) => config.while === undefined || config.max !== undefined, {
    error: "A loop with while needs max: the turns after which it ends in any case.",
    path: ["max"],
  })
  .refine((config) => config.while === undefined || (config.concurrency ?? 1) === 1, {
    error: "A loop with while goes turn by turn.",
    path: ["concurrency"],
  })
  .refine((config) => config.items === undefined || config.max === undefined, {
    error: "max is for loops with while.",
    path: ["max"],
  });

const itemsSchema = z.array(z.unknown());

/**
 * Repeats the graph within it: for each item of a list, or while an expression holds. Inside, `item`, `index` and `last`
 * (the outputs of the turn before) can be named. Gives the outputs of all turns, in the order of the items.
 */
export const loop = defineNode({
  type: "loop",
  title: "Loop",
  nests: true,
  configSchema,
  resolvedSchema: z.object({
    items: z.array(z.unknown(), "is not a list").max(MAX_TURNS, `has more than ${MAX_TURNS} items`).optional(),
    concurrency: z.int().default(1),
    max: z.int().default(MAX_TURNS),
  }),
  literalFields: ["concurrency", "max"],
  lazyFields: ["while"],
  localNames: LOOP_ROOTS,
  bodyField: "body",
  prepare: (config) => ("while" in config ? { ...config, while: withBraces(config["while"]) } : { ...config }),
  run: async ({ items, concurrency, max }, io) => {
    // Kept, because an expression may give something else after a crash.
    const results = items ? await overItems(await io.once("items", () => items, itemsSchema), concurrency, io) : await whileTrue(max, io);
    return { output: { results } };
  },
});

async function overItems(items: readonly unknown[], concurrency: number, io: NodeIo): Promise<unknown[]> {
  const results: unknown[] = new Array(items.length).fill(null);
  let next = 0;
  const worker = async () => {
    let last: unknown = null;
    for (let index = next++; index < items.length; index = next++) {
      io.signal.throwIfAborted();
      last = await io.runBody(`[${index}]`, { item: items[index], index, last: concurrency === 1 ? last : null });
      results[index] = last;
    }
  };
  await io.together(new Array(Math.min(concurrency, items.length)).fill(worker));
  return results;
}

async function whileTrue(max: number, io: NodeIo): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let index = 0; index < max; index += 1) {
    io.signal.throwIfAborted();
    const locals = { item: null, index, last: results.at(-1) ?? null };
    // Decided once: after a crash an expression may say something else.
    const goesOn = await io.once(`while[${index}]`, async () => isTruthy(await io.evaluate("while", locals)), z.boolean());
    if (!goesOn) return results;
    results.push(await io.runBody(`[${index}]`, locals));
  }
  return results;
}
