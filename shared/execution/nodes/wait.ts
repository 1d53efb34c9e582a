import { z } from "zod";
import { AppError } from "#platform/errors";
import { defineNode, orExpression } from "./node.ts";

/** Longest wait: 30 days, in seconds. */
const MAX_SECONDS = 2_592_000;

const configSchema = z
  .strictObject({
    seconds: orExpression(z.number().min(0).max(MAX_SECONDS), `a number of seconds up to ${MAX_SECONDS}`).optional(),
    until: z.string().min(1).max(10_000).optional(),
  })
  .refine(({ seconds, until }) => (seconds === undefined) !== (until === undefined), "Give either seconds or until.");

const resolvedSchema = z.object({
  seconds: z.coerce.number("is not a number of seconds").min(0).max(MAX_SECONDS).optional(),
  until: z.iso.datetime({ offset: true, error: "is not a time such as 2030-01-31T12:00:00Z" }).optional(),
});

/** Waits for a duration, or until a time. What has passed already is not waited for. */
export const wait = defineNode({
  type: "wait",
  title: "Wait",
  parks: true,
  configSchema,
  resolvedSchema,
  run: async ({ seconds, until }, io) => {
    const begun = await io.once("begun", () => io.now(), z.number());
    const end = until === undefined ? begun + (seconds ?? 0) * 1_000 : Date.parse(until);
    if (end - begun > MAX_SECONDS * 1_000) throw new AppError("node_failed", "config.until: lies more than 30 days ahead.");
    await io.pause(end);
    return { output: { waited_ms: Math.max(0, Math.round(end - begun)) } };
  },
});
