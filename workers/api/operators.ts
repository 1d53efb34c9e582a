import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { authorize, type Permission } from "#workspace";
import { guarded } from "./access.ts";

/** Whether the caller runs this deployment. */
function isOperator({ actor, env }: Context): boolean {
  return (
    actor.type === "user" &&
    (env.OPERATORS ?? "")
      .split(",")
      .map((id) => id.trim())
      .includes(actor.userId)
  );
}

/** For billing under `/workspaces/{id}`: members with the permission, and whoever runs the deployment. */
export function inBilling(permission: Permission) {
  return guarded(permission, async (ctx, parameter) => {
    const workspaceId = parameter("id");
    if (!isOperator(ctx)) await authorize(ctx, workspaceId, permission);
    return { workspaceId };
  });
}

/** For what moves money in a workspace without its doing: only whoever runs the deployment, also for its owner. */
export function byOperator() {
  return guarded("billing:manage", async (ctx, parameter) => {
    const workspaceId = parameter("id");
    if (isOperator(ctx)) return { workspaceId };
    await authorize(ctx, workspaceId, "billing:manage");
    throw new AppError("forbidden", "Only those who run this deployment can do this.");
  });
}
