/** Code units of one part: at three bytes each, still well under the 2 MB that a row of an object's storage may hold. */
const PART = 400_000;

function isHighSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff;
}

/**
 * A text in parts of which each fits a row, at least one. A character of two code units stays whole: its halves would not
 * survive UTF-8.
 */
export function partsOf(text: string, size = PART): string[] {
  const parts: string[] = [];
  let from = 0;
  do {
    const end = from + size;
    const to = end < text.length && isHighSurrogate(text, end - 1) ? end - 1 : end;
    parts.push(text.slice(from, to));
    from = to;
  } while (from < text.length);
  return parts;
}
