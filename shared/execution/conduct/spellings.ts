/** Characters of the shortest base64 that is looked for: a shorter one stands in ordinary texts. */
const SHORTEST = 6;

const JSON_DEPTH = 3;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** As a text within JSON, and within JSON that is itself a text in JSON, and once more. */
function inJson(secret: string): string[] {
  const spellings: string[] = [];
  let text = secret;
  for (let depth = 0; depth < JSON_DEPTH; depth += 1) {
    text = JSON.stringify(text).slice(1, -1);
    const ascii = text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    spellings.push(...[text, ascii].flatMap((one) => [one, one.replaceAll("/", "\\/")]));
  }
  return spellings;
}

function inAddress(secret: string): string[] {
  const component = encodeURIComponent(secret);
  // RFC 3986 reserves what the function leaves; forms write a space as a plus.
  const strict = component.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  return [component, strict, form].flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function inMarkup(secret: string): string {
  return secret.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

/** What every base64 of a text with the secret in it has in common: three forms, by where among three bytes it begins. */
function inBase64(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms = [0, 1, 2].flatMap((before) => {
    const text = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes));
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return forms.filter(({ length }) => length >= SHORTEST);
}

/**
 * A secret as it reads in plain text, within JSON, an address, markup and base64. White space around it does not count: header
 * fields lose it.
 */
export function spellingsOf(secret: string): string[] {
  const plain = secret.toWellFormed().trim();
  if (plain === "") return [];
  return [...new Set([secret.trim(), plain, ...inJson(plain), ...inAddress(plain), inMarkup(plain), ...inBase64(plain)])];
}
