import { authorizeApp } from "#app";
import type { Permission } from "#workspace";
import { guarded } from "./access.ts";

/** For routes under `/apps/{id}`. */
export function inApp(permission: Permission) {
  return guarded(permission, (ctx, parameter) => authorizeApp(ctx, parameter("id"), permission));
}
