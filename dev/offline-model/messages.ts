import { z } from "zod";

const textPart = z.object({ type: z.literal("text"), text: z.string() });
const imagePart = z.object({ type: z.literal("image_url"), image_url: z.object({ url: z.string().min(1) }) });
const partsSchema = z.array(z.discriminatedUnion("type", [textPart, imagePart]));

const callSchema = z.object({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
export type ToolCall = z.infer<typeof callSchema>;

/** A message of a conversation: its parts of text as one, and its images. */
export const messageSchema = z
  .object({
    role: z.string(),
    content: z.union([z.string(), partsSchema]).nullish(),
    tool_calls: z.array(callSchema).nullish(),
    tool_call_id: z.string().nullish(),
  })
  .transform(({ role, content, tool_calls, tool_call_id }) => {
    const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? []);
    return {
      role,
      text: parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(""),
      images: parts.flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : [])),
      calls: tool_calls ?? [],
      answers: tool_call_id ?? null,
    };
  });
export type Message = z.infer<typeof messageSchema>;

const DATA_URL = /^data:([^;,]+)[^,]*,/;

/** What an image is, as far as its address says: `image/png, 96 bytes`, or the address itself. */
export function describeImage(url: string): string {
  const [head = "", type] = DATA_URL.exec(url) ?? [];
  return type === undefined ? url : `${type}, ${Math.floor(((url.length - head.length) * 3) / 4)} bytes`;
}

/** What somebody last asked for. */
export function lastWords(messages: readonly Message[]): Message | undefined {
  return messages.findLast(({ role }) => role === "user");
}
