import { eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { openSecret, type SealedSecret, type SecretBinding, sealSecret } from "#platform/envelope";
import type { SealedTable } from "#platform/key-rotation";
import { appSigningSecrets, auditLogs, triggers } from "#platform/schema";
import { webhookSecret } from "#platform/standard-webhooks";
import type { TriggerRow } from "./triggers.ts";

/** A secret of 32 bytes, as the Standard Webhooks specification writes it. */
export function newSigningSecret(ctx: Context): string {
  return webhookSecret(ctx.random.bytes(32));
}

function triggerBinding(workspaceId: string, triggerId: string): SecretBinding {
  return { workspaceId, resource: "triggers", id: triggerId, field: "sealed_secret" };
}

function appBinding(workspaceId: string, appId: string): SecretBinding {
  return { workspaceId, resource: "app_signing_secrets", id: appId, field: "sealed_secret" };
}

/** Where the secrets that sign stand, for the rotation of keys. */
export const sealedSigningSecrets: readonly SealedTable[] = [
  {
    table: triggers,
    id: triggers.id,
    workspaceId: triggers.workspaceId,
    boundTo: triggers.id,
    keyVersion: triggers.keyVersion,
    fields: [{ column: triggers.sealedSecret, bindingOf: triggerBinding }],
  },
  {
    table: appSigningSecrets,
    id: appSigningSecrets.appId,
    workspaceId: appSigningSecrets.workspaceId,
    boundTo: appSigningSecrets.appId,
    keyVersion: appSigningSecrets.keyVersion,
    fields: [{ column: appSigningSecrets.sealedSecret, bindingOf: appBinding }],
  },
];

export function sealTriggerSecret(ctx: Context, workspaceId: string, triggerId: string, secret: string): Promise<SealedSecret> {
  return sealSecret(ctx.env, secret, triggerBinding(workspaceId, triggerId));
}

/** The secret that signs what is sent to a webhook. */
export async function openTriggerSecret(ctx: Context, { id, workspaceId, sealedSecret }: TriggerRow): Promise<string> {
  if (sealedSecret === null) throw new Error(`trigger ${id} has no secret`);
  return openSecret(ctx.env, sealedSecret, triggerBinding(workspaceId, id));
}

/** The secret that signs an app's callbacks; made when it is first asked for. */
export async function signingSecret(ctx: Context, workspaceId: string, appId: string): Promise<string> {
  const known = await readSigningSecret(ctx, workspaceId, appId);
  if (known !== null) return known;
  const { sealed, keyVersion } = await sealSecret(ctx.env, newSigningSecret(ctx), appBinding(workspaceId, appId));
  await ctx.db.insert(appSigningSecrets).values({ appId, workspaceId, sealedSecret: sealed, keyVersion }).onConflictDoNothing();
  // Of two that made one, the first has won.
  const made = await readSigningSecret(ctx, workspaceId, appId);
  if (made === null) throw new Error("the secret was neither found nor inserted");
  return made;
}

async function readSigningSecret(ctx: Context, workspaceId: string, appId: string): Promise<string | null> {
  const [row] = await ctx.db.select().from(appSigningSecrets).where(eq(appSigningSecrets.appId, appId));
  return row && row.workspaceId === workspaceId ? openSecret(ctx.env, row.sealedSecret, appBinding(workspaceId, appId)) : null;
}

/** Gives an app's callbacks another secret. */
export async function rotateSigningSecret(ctx: Context, workspaceId: string, appId: string): Promise<string> {
  const secret = newSigningSecret(ctx);
  const { sealed: sealedSecret, keyVersion } = await sealSecret(ctx.env, secret, appBinding(workspaceId, appId));
  const audit = auditRow(ctx, { workspaceId, action: "app.signing_secret_rotated", targetType: "app", targetId: appId });
  await ctx.db.batch([
    ctx.db
      .insert(appSigningSecrets)
      .values({ appId, workspaceId, sealedSecret, keyVersion })
      .onConflictDoUpdate({ target: appSigningSecrets.appId, set: { sealedSecret, keyVersion } }),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return secret;
}
