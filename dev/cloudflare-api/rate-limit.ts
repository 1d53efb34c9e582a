/** What a token may ask in five minutes: https://developers.cloudflare.com/fundamentals/api/reference/limits/ */
const LIMIT = 1_200;
const WINDOW_MS = 300_000;

/** Takes a request at a time (ms); gives the seconds to wait for where there have been too many, else `null`. */
export function createRateLimit(limit = LIMIT): (now: number) => number | null {
  const times: number[] = [];
  return (now) => {
    while (times[0] !== undefined && times[0] <= now - WINDOW_MS) times.shift();
    const [oldest] = times;
    if (times.length >= limit && oldest !== undefined) return Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1_000));
    times.push(now);
    return null;
  };
}
