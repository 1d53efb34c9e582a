import { z } from "zod";
import type { Attachment, Message } from "#ai";
import { AppError } from "#platform/errors";
import { type FileReference, fileReferenceSchema } from "./file-reference.ts";
import type { NodeServices } from "./node.ts";

const MAX_FILES = 20;
/** Bytes of the images, and of the texts, of one question. */
const MAX_IMAGE_BYTES = 10_485_760;
const MAX_TEXT_BYTES = 524_288;

const IMAGE_TYPES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXT_TYPE = /^(?:text\/.+|application\/(?:json|xml|csv|yaml|x-ndjson)|.+\+(?:json|xml))$/;

/** One file or several, as expressions give them. What was not given is left out. */
export const filesSchema = z
  .unknown()
  .transform((files, context) => {
    const given = [files].flat().filter((file) => file !== null && file !== undefined);
    return given.map((file, index): FileReference => {
      const parsed = fileReferenceSchema.safeParse(file);
      if (parsed.success) return parsed.data;
      context.addIssue({ code: "custom", path: [index], message: "is not a file" });
      return z.NEVER;
    });
  })
  .refine((files) => files.length <= MAX_FILES, `has more than ${MAX_FILES} files`);

/** What a model reads of files: images as such, texts as text. Throws `node_failed` for a type that it cannot read, and `payload_too_large`. */
async function attachmentsOf(files: readonly FileReference[], services: Pick<NodeServices, "openFile">): Promise<Attachment[]> {
  const unreadable = files.find((file) => !isImage(file) && !isText(file));
  if (unreadable) {
    const { name, type } = unreadable;
    throw new AppError("node_failed", `config.files: ${name} is ${type}; a model reads images (png, jpeg, gif, webp) and texts.`);
  }
  requireSize(files.filter(isImage), MAX_IMAGE_BYTES);
  requireSize(files.filter(isText), MAX_TEXT_BYTES);
  const read = await Promise.all(files.map((file) => attachments(file, services)));
  return read.flat();
}

function isImage({ type }: FileReference): boolean {
  return IMAGE_TYPES.has(type);
}

function isText({ type }: FileReference): boolean {
  return TEXT_TYPE.test(type);
}

/** Names the file that goes past the limit. */
function requireSize(files: readonly FileReference[], limit: number): void {
  let bytes = 0;
  for (const { name, size } of files) {
    bytes += size;
    if (bytes > limit)
      throw new AppError("payload_too_large", `config.files: with ${name} it is more than the ${limit} bytes that a model takes.`);
  }
}

async function attachments(file: FileReference, { openFile }: Pick<NodeServices, "openFile">): Promise<Attachment[]> {
  const { bytes } = await openFile(file.id);
  const title = `File ${file.name} (${file.type}):`;
  if (isText(file)) return [{ type: "text", text: `${title}\n${new TextDecoder().decode(bytes)}` }];
  return [
    { type: "text", text: title },
    { type: "image", url: `data:${file.type};base64,${toBase64(bytes)}` },
  ];
}

/** Bytes that are made into text at a time: a call takes only so many arguments. */
const CHUNK = 32_768;

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK) binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  return btoa(binary);
}

/** The messages with files put to the last thing that was said to the model. */
export async function withFiles(
  messages: readonly Message[],
  files: readonly FileReference[],
  services: Pick<NodeServices, "openFile">,
): Promise<readonly Message[]> {
  if (files.length === 0) return messages;
  const attachments = await attachmentsOf(files, services);
  const index = messages.findLastIndex(({ role }) => role === "user");
  const asked = messages[index];
  return asked
    ? messages.with(index, { role: "user", content: asked.content, attachments })
    : [...messages, { role: "user", content: "", attachments }];
}
