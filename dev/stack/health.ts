import { z } from "zod";

const healthSchema = z.object({ status: z.string(), checks: z.record(z.string(), z.string()) });

const POLL_MS = 100;

/** Waits until `/healthz` has this check `ok`. Throws with what it last said when `signal` aborts, or `timeoutMs` is over. */
export async function untilCheckIsOk(origin: string, check: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = "it does not answer";
  for (;;) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(5000) });
      const text = await response.text();
      last = `${response.status} ${text}`;
      const health = healthSchema.safeParse(JSON.parse(text));
      if (health.success && health.data.checks[check] === "ok") return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline) throw new Error(`The Worker is not ready: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
