import type { SessionSummary } from "../api/session-schemas.ts";
import { useText } from "../i18n/use-text.ts";

/** Whether a session's visitor may still go on with it. */
export function SessionState({ session: { ended_at } }: { readonly session: SessionSummary }) {
  const text = useText();
  return ended_at === null ? <span>{text.sessions.open}</span> : <span className="text-ink-soft">{text.sessions.ended}</span>;
}
