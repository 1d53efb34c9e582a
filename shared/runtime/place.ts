/*
 * A run's record waits in the outbox of the place where it ran. The run's id names that place, so that its visitor is
 * answered from there until the record has reached the platform database, whichever place asks.
 */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS = 26;
/** Characters of the id's random end that hold the place: 15 bits, enough for every code of three letters. */
const TAIL = 3;

/** Where a run is recorded when the caller's data centre is unknown, as on a local stack. */
const NOWHERE = "local";

/** The place of a request: its data centre as the network names it, or `local`. */
export function placeOf(colo: unknown): string {
  return typeof colo === "string" && /^[A-Z]{3}$/.test(colo) ? colo.toLowerCase() : NOWHERE;
}

/** The last 15 bits of a run's id, which hold its place; 59 random bits a millisecond remain before them. */
export function placeTail(place: string): string {
  let code = 0;
  if (place !== NOWHERE) {
    for (const letter of place) code = code * LETTERS + (letter.charCodeAt(0) - 97);
    code += 1;
  }
  let tail = "";
  for (let index = 0; index < TAIL; index += 1) {
    tail = ALPHABET.charAt(code & 31) + tail;
    code >>= 5;
  }
  return tail;
}

/** The place that {@link placeTail} wrote into an id, or `null` when it holds none. */
export function placeOfRun(runId: string): string | null {
  let code = 0;
  for (const character of runId.slice(-TAIL)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    code = code * 32 + digit;
  }
  if (code === 0) return NOWHERE;
  code -= 1;
  if (code >= LETTERS ** 3) return null;
  let place = "";
  for (let index = 0; index < 3; index += 1) {
    place = String.fromCharCode(97 + (code % LETTERS)) + place;
    code = Math.floor(code / LETTERS);
  }
  return place;
}

/** Name of the outbox that holds a workspace's runs of one place. */
export function outboxName(workspaceId: string, place: string): string {
  return `${workspaceId}:${place}`;
}
