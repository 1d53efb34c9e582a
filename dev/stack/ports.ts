import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { freePort, isPortFree } from "../listen.ts";

const portsSchema = z.object({
  postgres: z.number(),
  gateway: z.number(),
  model: z.number(),
  /** Of the DNS server, and of its records over HTTP. */
  dns: z.number(),
  records: z.number(),
  /** Of the double of Cloudflare's API. */
  cloudflare: z.number(),
});
export type InnerPorts = z.infer<typeof portsSchema>;

/** Ports that nobody chose: free ones, and the same at every start unless another program has taken them since. */
export async function loadInnerPorts(home: string): Promise<InnerPorts> {
  const file = join(home, "ports.json");
  const known = portsSchema.partial().parse(JSON.parse(await readFile(file, "utf8").catch(() => "{}")));
  const keep = async (port: number | undefined) => (port !== undefined && (await isPortFree(port)) ? port : await freePort());
  const names = portsSchema.keyof().options;
  const ports = portsSchema.parse(Object.fromEntries(await Promise.all(names.map(async (name) => [name, await keep(known[name])]))));
  await mkdir(home, { recursive: true });
  await writeFile(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

/** How long the ports of a stack that was killed may take to become free, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Throws, naming the variable, when a port that the user chose is taken; waits a little when an earlier stack is still going down. */
export async function requireFreePorts(wanted: Readonly<Record<string, number>>, wait: boolean): Promise<void> {
  const deadline = Date.now() + (wait ? PATIENCE_MS : 0);
  for (;;) {
    const checked = await Promise.all(
      Object.entries(wanted).map(async ([variable, port]) => ({ variable, port, free: await isPortFree(port) })),
    );
    const taken = checked.filter(({ free }) => !free);
    if (taken.length === 0) return;
    if (Date.now() >= deadline) {
      throw new Error(
        taken
          .map(({ variable, port }) => `Port ${port} is taken by another program. Stop it, or choose another port with ${variable}.`)
          .join("\n"),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
