import { describe, expect, it } from "vitest";
import { errorCode } from "#platform/errors";
import type { AppStatus } from "./app-route.ts";
import { type AppTransition, nextStatus } from "./app-state.ts";

const LEGAL: readonly (readonly [AppStatus, AppTransition, AppStatus])[] = [
  ["draft", "publish", "published"],
  ["published", "publish", "published"],
  ["unpublished", "publish", "published"],
  ["published", "rollback", "published"],
  ["published", "unpublish", "unpublished"],
  ["unpublished", "archive", "archived"],
];

const STATUSES: readonly AppStatus[] = ["draft", "published", "unpublished", "archived"];
const TRANSITIONS: readonly AppTransition[] = ["publish", "rollback", "unpublish", "archive"];
const every = STATUSES.flatMap((status) => TRANSITIONS.map((transition) => [status, transition] as const));
const illegal = every.filter(([status, transition]) => !LEGAL.some(([from, by]) => from === status && by === transition));

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return errorCode(error);
  }
  return undefined;
}

describe("an app's life", () => {
  it.each(LEGAL)("goes from %s by %s to %s", (from, transition, to) => {
    expect(nextStatus(from, transition)).toBe(to);
  });

  it.each(illegal)("does not leave %s by %s", (from, transition) => {
    expect(codeOf(() => nextStatus(from, transition))).toBe("invalid_state");
  });
});
