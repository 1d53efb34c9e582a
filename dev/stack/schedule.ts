const MINUTE_MS = 60_000;

/** Fires the Worker's every-minute cron, which `wrangler dev` leaves to its user. Returns what stops it. */
export function startSchedule(origin: string, say: (line: string) => void): () => void {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout;
  const next = () => {
    if (!stopped.signal.aborted) timer = setTimeout(() => fire().finally(next), MINUTE_MS - (Date.now() % MINUTE_MS));
  };
  const fire = () => tick(origin, AbortSignal.any([stopped.signal, AbortSignal.timeout(MINUTE_MS)]), say);
  next();
  return () => {
    stopped.abort();
    clearTimeout(timer);
  };
}

async function tick(origin: string, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  try {
    const response = await fetch(`${origin}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent("* * * * *")}`, { signal });
    await response.body?.cancel();
    if (!response.ok) say(`The scheduled work failed (${response.status}); see the Worker's log`);
  } catch {
    // The Worker is restarting, or the stack stops; the next minute comes.
  }
}
