import { AppError } from "#platform/errors";
import type { AppStatus } from "./app-route.ts";

export type AppTransition = "publish" | "rollback" | "unpublish" | "archive";

const NEXT: Readonly<Record<AppTransition, Partial<Record<AppStatus, AppStatus>>>> = {
  publish: { draft: "published", published: "published", unpublished: "published" },
  rollback: { published: "published" },
  unpublish: { published: "unpublished" },
  archive: { unpublished: "archived" },
};

const ADVICE: Readonly<Record<AppTransition, string>> = {
  publish: "An archived app is not published again.",
  rollback: "Only a published app can go back to another version.",
  unpublish: "Only a published app can be unpublished.",
  archive: "Unpublish the app before archiving it.",
};

/** The status after a transition. @throws `invalid_state` where the app's life does not allow it. */
export function nextStatus(status: AppStatus, transition: AppTransition): AppStatus {
  const next = NEXT[transition][status];
  if (next === undefined) throw new AppError("invalid_state", `The app is ${status}. ${ADVICE[transition]}`);
  return next;
}

/** An archived app is kept to be read. @throws `invalid_state` */
export function requireEditable(status: AppStatus): void {
  if (status === "archived") throw new AppError("invalid_state", "The app is archived and cannot be changed.");
}
