import { sealedSigningSecrets } from "#app";
import { sealedCredentials } from "#database";
import type { Context } from "#platform/context";
import { type RewrapReport, rewrapSecrets } from "#platform/key-rotation";
import { sealedSecrets } from "#workspace";

/**
 * Takes a rotation of the envelope keys further, and says in one line how far it is; `null`, and not a word, when there is
 * none. What requests with an Idempotency-Key were answered is sealed too, but gone after a day: it is not re-wrapped.
 */
export async function rotateKeys(ctx: Context): Promise<RewrapReport | null> {
  const report = await rewrapSecrets(ctx, [sealedSecrets, sealedCredentials, ...sealedSigningSecrets]);
  if (report === null) return null;
  const { left, ...counts } = report;
  const fields = { ...counts, left: Object.values(left).reduce((sum, count) => sum + count, 0), left_by_version: left };
  const keyless = Object.keys(left).some((version) => !report.from.includes(Number(version)));
  if (report.failed === 0 && !keyless) ctx.log.info("secrets were re-wrapped", fields);
  else ctx.log.warn("secrets were re-wrapped, but not those that do not open", fields);
  return report;
}
