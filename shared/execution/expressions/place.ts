/** A field without its numbers: `tools[2].http.url` is `tools[].http.url`. */
function placeOf(field: string): string {
  return field.replaceAll(/\[\d+\]/g, "[]");
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

/** Whether a field is one of these places, or lies within one. A place is such as `headers` or `tools[].http.url`. */
export function isWithin(field: string, places: readonly string[]): boolean {
  return places.some((place) => contains(place, placeOf(field)));
}

/** Whether a field is one of these places. */
export function isPlace(field: string, places: readonly string[]): boolean {
  return places.includes(placeOf(field));
}

/** Whether one of these places lies within a field. */
export function holdsPlace(field: string, places: readonly string[]): boolean {
  return places.some((place) => contains(placeOf(field), place));
}
