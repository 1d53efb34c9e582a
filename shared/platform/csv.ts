/** A field of RFC 4180. No value is nothing at all, so that an empty text is `""`; what is no text is written as JSON. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of fields that are written already. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.join(",")}\r\n`;
}
