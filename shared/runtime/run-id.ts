import { placeTail } from "./place.ts";

/*
 * A run's id is a UUIDv7 in base32. Three of its random parts are not left to chance, so that whoever has an id knows where
 * to ask: whether the run has an object of its own, that object's name, and the place whose outbox takes its record.
 *
 *   run_ 01k9z3q4w5 f a1b2c3d4e5f6 000
 *        time       |  chance      place
 *                   e: inline, f: durable (the bits of the version, and one more)
 */

/** Where the time ends, counted from the id's beginning. */
const KIND_AT = 14;
const NAME_END = 27;
const INLINE = "e";
const DURABLE = "f";

/** A new id as an inline run bears it. */
export function inlineRunId(newId: string, place: string): string {
  return newId.slice(0, KIND_AT) + INLINE + newId.slice(KIND_AT + 1, NAME_END) + placeTail(place);
}

/** A new id as a durable run bears it: of the object with this name, or of one with a name of its own. */
export function durableRunId(newId: string, place: string, name = DURABLE + newId.slice(KIND_AT + 1, NAME_END)): string {
  return newId.slice(0, KIND_AT) + name + placeTail(place);
}

export function isDurableRunId(runId: string): boolean {
  return runId.charAt(KIND_AT) === DURABLE;
}

/** The name of the object that has a durable run. */
export function durableRunName(runId: string): string {
  return runId.slice(KIND_AT, NAME_END);
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The name of the object that has the run of a key, from the key's digest. */
export function keyedRunName(digest: Uint8Array): string {
  const letters = Array.from(digest.subarray(0, NAME_END - KIND_AT - 1), (byte) => ALPHABET.charAt(byte & 31));
  return DURABLE + letters.join("");
}
