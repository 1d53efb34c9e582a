import { z } from "@hono/zod-openapi";

/** Levels of nesting: what reads a value again and again must not run out of stack. */
const MAX_DEPTH = 100;

interface Place {
  readonly value: unknown;
  readonly depth: number;
}

function isDeep(json: unknown): boolean {
  const waiting: Place[] = [{ value: json, depth: 0 }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { value, depth } = place;
    if (typeof value !== "object" || value === null) continue;
    if (depth === MAX_DEPTH) return true;
    for (const item of Object.values(value)) waiting.push({ value: item, depth: depth + 1 });
  }
  return false;
}

const isShallow = (value: unknown) => !isDeep(value);
const tooDeep = `At most ${MAX_DEPTH} levels of nesting.`;

/** Any JSON, for a body. */
export const jsonValue = z.any().refine(isShallow, tooDeep);
/** JSON by names. */
export const jsonRecord = z.record(z.string(), z.any()).refine(isShallow, tooDeep);
