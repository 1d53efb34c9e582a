import { readEndedSessions, revokeSession } from "#app";
import { findSessionRuns, listSessionRuns, type RunsOfSession } from "#execution";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import type { Conversation } from "#platform/objects/visitor-session";
import type { Page, PageRequest } from "#platform/pages";
import { readConversation } from "../conversation/conversation.ts";

/** A visitor's session as the members' API shows it. */
export interface SessionView extends RunsOfSession {
  /** When a member has ended it, within the last day. */
  readonly ended_at: string | null;
}

export interface SessionDetail extends SessionView {
  readonly conversation: {
    readonly summary: string | null;
    readonly turns: readonly { readonly run_id: string; readonly said: string; readonly answer: string; readonly at: string }[];
  };
}

function presentConversation({ summary, turns }: Conversation): SessionDetail["conversation"] {
  return { summary, turns: turns.map((turn) => ({ ...turn, at: new Date(turn.at).toISOString() })) };
}

/** The sessions that have run an app, newest first. */
export async function listSessions(ctx: Context, workspaceId: string, appId: string, page: PageRequest): Promise<Page<SessionView>> {
  const { data, next_cursor } = await listSessionRuns(ctx, workspaceId, appId, page);
  const ended = await readEndedSessions(
    ctx,
    workspaceId,
    appId,
    data.map(({ id }) => id),
  );
  return { data: data.map((runs) => ({ ...runs, ended_at: ended.get(runs.id)?.toISOString() ?? null })), next_cursor };
}

async function findSession(ctx: Context, workspaceId: string, appId: string, sessionId: string): Promise<SessionView> {
  const runs = isId("visitor", sessionId) ? await findSessionRuns(ctx, workspaceId, appId, sessionId) : null;
  if (runs === null) throw notFound("The session");
  const ended = await readEndedSessions(ctx, workspaceId, appId, [sessionId]);
  return { ...runs, ended_at: ended.get(sessionId)?.toISOString() ?? null };
}

/** A session, and what it remembers of its conversation. @throws `not_found` */
export async function getSession(ctx: Context, workspaceId: string, appId: string, sessionId: string): Promise<SessionDetail> {
  const view = await findSession(ctx, workspaceId, appId, sessionId);
  const conversation = await readConversation(ctx, { workspaceId, appId }, sessionId);
  return { ...view, conversation: presentConversation(conversation) };
}

/** Ends a session, everywhere within 5 s. @throws `not_found`, and what `revokeSession` throws */
export async function endVisitorSession(ctx: Context, workspaceId: string, appId: string, sessionId: string): Promise<SessionView> {
  await findSession(ctx, workspaceId, appId, sessionId);
  await revokeSession(ctx, workspaceId, appId, sessionId);
  return findSession(ctx, workspaceId, appId, sessionId);
}
