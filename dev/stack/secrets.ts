import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const secretsSchema = z.object({ AUTH_SECRET: z.string(), SESSION_KEYS: z.string(), ENVELOPE_KEYS: z.string() });
export type StackSecrets = z.infer<typeof secretsSchema>;

const key = () => randomBytes(32).toString("base64");

export function generateSecrets(): StackSecrets {
  return { AUTH_SECRET: key(), SESSION_KEYS: `1:${key()}`, ENVELOPE_KEYS: `1:${key()}` };
}

/** The secrets of this home; made on its first start, since what they sealed must stay readable. */
export async function loadSecrets(home: string): Promise<StackSecrets> {
  const file = join(home, "secrets.json");
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return secretsSchema.parse(JSON.parse(known));
  const secrets = generateSecrets();
  await mkdir(home, { recursive: true });
  await writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}
