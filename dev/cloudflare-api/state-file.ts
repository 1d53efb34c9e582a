import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { CustomHostname, HostnameStatus, SslStatus } from "./custom-hostname.ts";

const word = <T extends string>() => z.custom<T>((value) => typeof value === "string");

const hostnameSchema = z.object({
  id: z.string(),
  hostname: z.string(),
  createdAt: z.number(),
  ownershipToken: z.string(),
  status: word<HostnameStatus>(),
  checkedSince: z.number(),
  movedAt: z.number().nullable(),
  hasPointed: z.boolean(),
  pinned: z.boolean(),
  ssl: z.object({
    id: z.string(),
    method: z.enum(["http", "txt", "email"]),
    status: word<SslStatus>(),
    minTlsVersion: z.enum(["1.0", "1.1", "1.2", "1.3"]),
    token: z.string(),
    orderedAt: z.number(),
    validatedAt: z.number().nullable(),
    expiresAt: z.number().nullable(),
  }),
});

/** The hostnames that an earlier double left here; none where there was none. */
export async function readHostnames(file: string): Promise<CustomHostname[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "[]";
    throw error;
  });
  return z.array(hostnameSchema).parse(JSON.parse(text));
}

export async function writeHostnames(file: string, hostnames: readonly CustomHostname[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(hostnames, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
