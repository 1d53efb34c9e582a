import type { Context } from "#platform/context";
import type { Conversation } from "#platform/objects/visitor-session";

/** Whose conversation it is. */
export interface ConversationAddress {
  readonly workspaceId: string;
  readonly appId: string;
}

/** Name of the object that has a visitor's conversation with an app. */
export function conversationName(workspaceId: string, appId: string, sessionId: string): string {
  return `${workspaceId}:${appId}:${sessionId}`;
}

function objectOf(ctx: Context, { workspaceId, appId }: ConversationAddress, sessionId: string) {
  return ctx.env.VISITOR_SESSION.getByName(conversationName(workspaceId, appId, sessionId));
}

/** What a session remembers; nothing, where there was no conversation. */
export function readConversation(ctx: Context, address: ConversationAddress, sessionId: string): Promise<Conversation> {
  return objectOf(ctx, address, sessionId).read();
}

/** Forgets what was said. Turns that go on are not stopped. */
export function forgetConversation(ctx: Context, address: ConversationAddress, sessionId: string): Promise<void> {
  return objectOf(ctx, address, sessionId).forget();
}
