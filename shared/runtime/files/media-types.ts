/** What a file of text is, by the ending of its name. */
const TEXT_BY_ENDING: Readonly<Record<string, string>> = {
  txt: "text/plain",
  csv: "text/csv",
  json: "application/json",
  md: "text/markdown",
  markdown: "text/markdown",
};

/** Other names that clients give types. */
const ALIASES: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/vnd.microsoft.icon": "image/x-icon",
  "application/x-pdf": "application/pdf",
  "application/x-zip-compressed": "application/zip",
  "application/x-gzip": "application/gzip",
  "text/rtf": "application/rtf",
  "application/csv": "text/csv",
  "text/x-csv": "text/csv",
  "text/json": "application/json",
  "text/x-markdown": "text/markdown",
};

const OFFICE = "application/vnd.openxmlformats-officedocument.";
const OPEN_DOCUMENT = "application/vnd.oasis.opendocument.";

/** What a run may be handed besides pictures, sound, films and text: nothing that a machine would execute. */
const DOCUMENTS: ReadonlySet<string> = new Set([
  "application/pdf",
  "application/rtf",
  "application/epub+zip",
  "application/zip",
  "application/gzip",
  "application/vnd.apache.parquet",
  "application/vnd.apache.arrow.file",
  "text/calendar",
  "text/vcard",
  "text/vtt",
  ...["wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation"].map((name) => OFFICE + name),
  ...["text", "spreadsheet", "presentation"].map((name) => OPEN_DOCUMENT + name),
]);

/** The type alone, in the name that we know it by; `null` where a client only says that it does not know. */
export function namedType(header: string): string | null {
  const type = header.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "" || type === "application/octet-stream") return null;
  return ALIASES[type] ?? type;
}

/** Whether bytes that were found to be of this type may be handed to a run. */
export function isAllowed(type: string): boolean {
  return /^(image|audio|video)\//.test(type) || DOCUMENTS.has(type);
}

/** Whether what a client said of a file fits what its bytes are. Containers of sound and film are often taken for each other. */
export function agrees(declared: string, found: string): boolean {
  const isMedia = (type: string) => /^(audio|video)\//.test(type) || type === "application/ogg";
  const bare = (type: string) => type.replace(/\/x-/, "/");
  return bare(declared) === bare(found) || (isMedia(declared) && isMedia(found));
}

/** What kind of text it is, as its sender or its name says; `null` for a kind that is not taken, such as a script. */
export function textType(declared: string | null, name: string): string | null {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  const byName = ending === undefined ? "text/plain" : (TEXT_BY_ENDING[ending] ?? null);
  // Where a spreadsheet program is installed, browsers take its tables of text for its own.
  if (declared === null || (declared === "application/vnd.ms-excel" && ending === "csv")) return byName;
  if (declared === "text/plain") return byName ?? declared;
  return Object.values(TEXT_BY_ENDING).includes(declared) ? declared : null;
}

/** Whether a type is one of those that an input takes: media types, or all of a kind by `image/*`. */
export function isAccepted(type: string, accept: readonly string[] | undefined): boolean {
  if (accept === undefined) return true;
  return accept.some((one) => (one.endsWith("/*") ? type.startsWith(one.slice(0, -1)) : type === (ALIASES[one] ?? one)));
}
