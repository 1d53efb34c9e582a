import type { Context } from "#platform/context";
import type { Conversation } from "#platform/objects/visitor-session";
import type { VisitorSession } from "../session.ts";
import type { ServedVersion } from "../versions.ts";
import { type ConversationAddress, readConversation } from "./conversation.ts";

/**
 * What a page shows of the conversation so far; `null` where nothing was said. Only visitors of a chat who come back pay for it, and
 * nobody goes without the page for it.
 */
export async function earlierTurns(
  ctx: Context,
  address: ConversationAddress,
  { chatInput }: ServedVersion,
  { id, returning }: VisitorSession,
): Promise<Conversation | null> {
  if (chatInput === null || !returning) return null;
  try {
    const conversation = await readConversation(ctx, address, id);
    return conversation.turns.length === 0 && conversation.summary === null ? null : conversation;
  } catch (error) {
    ctx.log.error("a conversation could not be read; its page goes without it", error, { session_id: id });
    return null;
  }
}
