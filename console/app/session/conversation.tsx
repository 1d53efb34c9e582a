import { Link } from "react-router";
import type { SessionDetail } from "../api/session-schemas.ts";
import { Moment } from "../components/moment.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useApp } from "../routes/app.tsx";

type Conversation = SessionDetail["conversation"];

/** What a session remembers, oldest first. */
export function ConversationView({ conversation: { summary, turns } }: { readonly conversation: Conversation }) {
  const text = useText();
  if (summary === null && turns.length === 0) return <p className="text-sm text-ink-soft">{text.sessions.nothingSaid}</p>;
  return (
    <div className="flex flex-col gap-4">
      {summary === null ? null : (
        <div className="rounded-xl bg-sunken px-4 py-3 text-sm">
          <h3 className="text-xs text-ink-soft">{text.sessions.summary}</h3>
          <p className="mt-1 whitespace-pre-wrap wrap-anywhere">{summary}</p>
        </div>
      )}
      <ol className="flex flex-col gap-4">
        {turns.map((turn) => (
          <TurnView key={turn.run_id} turn={turn} />
        ))}
      </ol>
    </div>
  );
}

function TurnView({ turn }: { readonly turn: Conversation["turns"][number] }) {
  const text = useText();
  const app = useApp();
  return (
    <li className="rounded-2xl border border-line bg-surface p-4 text-sm">
      <dl className="flex flex-col gap-3">
        <div>
          <dt className="text-xs text-ink-soft">{text.sessions.said}</dt>
          <dd className="mt-0.5 whitespace-pre-wrap wrap-anywhere">{turn.said}</dd>
        </div>
        <div>
          <dt className="text-xs text-ink-soft">{text.sessions.answer}</dt>
          <dd className="mt-0.5 whitespace-pre-wrap wrap-anywhere">{turn.answer}</dd>
        </div>
      </dl>
      <p className="mt-3 flex flex-wrap gap-x-3 text-xs text-ink-soft">
        <Moment at={turn.at} />
        <Link to={paths.run(app.workspace_id, app.id, turn.run_id)} className="text-accent underline underline-offset-4">
          {text.runs.run}
        </Link>
      </p>
    </li>
  );
}
