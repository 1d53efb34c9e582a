const MINUTE_MS = 60_000;

/** Fires the Worker's every-minute cron, which `wrangler dev` leaves to its user. Returns what stops it. */
export function startSchedule(origin: string, say: (line: string) => void): () => void {
  let timer: NodeJS.Timeout;
  const next = () => {
    timer = setTimeout(fire, MINUTE_MS - (Date.now() % MINUTE_MS));
  };
  const fire = async () => {
    try {
      const response = await fetch(`${origin}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent("* * * * *")}`, {
        signal: AbortSignal.timeout(MINUTE_MS),
      });
      if (!response.ok) say(`The scheduled work failed (${response.status}); see the Worker's log`);
    } catch {
      // The Worker is restarting; the next minute comes.
    }
    next();
  };
  next();
  return () => clearTimeout(timer);
}
