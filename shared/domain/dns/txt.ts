/** One character string of a TXT record in its presentation form, in quotes, with its escapes (RFC 1035, section 5.1). */
const QUOTED = /"((?:[^"\\]|\\.)*)"/gs;

function withoutEscapes(text: string): string {
  return text.replace(/\\(\d{3}|.)/gs, (_, escaped: string) => (escaped.length === 3 ? String.fromCharCode(Number(escaped)) : escaped));
}

/**
 * The text of a TXT record from the `data` of a resolver's JSON. Cloudflare gives the record's strings in quotes, as they are
 * split; Google gives them joined and without. A record may be of several strings, which are one text (RFC 7208, section 3.3).
 */
export function readTxt(data: string): string {
  const trimmed = data.trim();
  if (!trimmed.startsWith('"')) return trimmed;
  return [...trimmed.matchAll(QUOTED)].map(([, text = ""]) => withoutEscapes(text)).join("");
}

/** Whether a text is the one that is looked for: quotes that a form kept, spaces and case do not matter. */
export function isSameText(text: string, wanted: string): boolean {
  const bare = text.trim().replace(/^"(.*)"$/s, "$1");
  return bare.trim().toLowerCase() === wanted.toLowerCase();
}
