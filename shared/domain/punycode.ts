/* Punycode back into letters (RFC 3492, sections 5 and 6.2), for people to read. */

const [BASE, T_MIN, T_MAX, SKEW, DAMP] = [36, 1, 26, 38, 700];
const FIRST_CODE_POINT = 128;
const LAST_CODE_POINT = 0x10ffff;
const PREFIX = "xn--";

function digitOf(letter: string): number {
  const digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(letter);
  return digit === -1 ? BASE : digit;
}

function adapt(delta: number, count: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : Math.floor(delta / 2);
  rest += Math.floor(rest / count);
  let steps = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; steps += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return steps + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

/** One number of variable length from `position` on; `null` for what is none. */
function readNumber(text: string, position: number, bias: number): { readonly value: number; readonly next: number } | null {
  let [value, weight, at] = [0, 1, position];
  for (let k = BASE; ; k += BASE) {
    const digit = digitOf(text.charAt(at));
    at += 1;
    if (digit >= BASE) return null;
    value += digit * weight;
    const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
    if (digit < threshold) return { value, next: at };
    weight *= BASE - threshold;
  }
}

function decodeLabel(label: string): string | null {
  if (label === "") return null;
  const delimiter = label.lastIndexOf("-");
  const letters = [...label.slice(0, Math.max(0, delimiter))];
  let [codePoint, index, bias, position] = [FIRST_CODE_POINT, 0, 72, delimiter + 1];
  while (position < label.length) {
    const delta = readNumber(label, position, bias);
    if (delta === null) return null;
    const count = letters.length + 1;
    bias = adapt(delta.value, count, index === 0 && letters.length === Math.max(0, delimiter));
    index += delta.value;
    codePoint += Math.floor(index / count);
    if (codePoint > LAST_CODE_POINT) return null;
    index %= count;
    letters.splice(index, 0, String.fromCodePoint(codePoint));
    index += 1;
    position = delta.next;
  }
  return letters.join("");
}

/** A hostname as people write it; labels that are no punycode stay as they are. */
export function unicodeHostname(hostname: string): string {
  const labels = hostname.split(".").map((label) => {
    return label.startsWith(PREFIX) ? (decodeLabel(label.slice(PREFIX.length)) ?? label) : label;
  });
  return labels.join(".");
}
