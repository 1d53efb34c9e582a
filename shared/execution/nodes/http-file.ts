/** Characters of a file's name. */
const MAX_NAME = 200;

/** The media type an answer gives itself, without parameters. */
export function mediaTypeOf(headers: Headers): string {
  const [type = ""] = (headers.get("content-type") ?? "").split(";");
  return type.trim().toLowerCase() || "application/octet-stream";
}

/** What to call the file that an answer is: as it says itself, or as its address ends. */
export function fileNameOf(headers: Headers, address: string): string {
  const name = namedBy(headers.get("content-disposition") ?? "") || lastSegment(address);
  // A name is no path, and holds nothing that would break a line.
  return (name.split(/[/\\]/).at(-1) ?? "").replaceAll(/\p{Cc}/gu, "").slice(0, MAX_NAME) || "file";
}

/** RFC 6266: `filename*` goes before `filename`. */
function namedBy(disposition: string): string {
  const extended = /(?:^|;)\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) return decoded(extended);
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, "$1");
  return /(?:^|;)\s*filename\s*=\s*([^;\s"]+)/i.exec(disposition)?.[1] ?? "";
}

function lastSegment(address: string): string {
  return URL.canParse(address) ? decoded(new URL(address).pathname.split("/").at(-1) ?? "") : "";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
