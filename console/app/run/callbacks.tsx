import { Link } from "react-router";
import type { Callback } from "../api/trigger-schemas.ts";
import { Badge } from "../components/badge.tsx";
import { Card } from "../components/card.tsx";
import { Duration, Moment } from "../components/moment.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useApp } from "../routes/app.tsx";

const TONES = { due: "accent", done: "ok", dead: "danger" } as const;

/** Who is told how the run ended, with each attempt at it. */
export function Callbacks({ callbacks }: { readonly callbacks: readonly Callback[] }) {
  const text = useText();
  if (callbacks.length === 0) return null;
  return (
    <Card title={text.callbacks.title} lead={text.callbacks.lead}>
      <ul className="flex flex-col gap-6">
        {callbacks.map((callback) => (
          <li key={callback.id}>
            <OneCallback callback={callback} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function OneCallback({ callback }: { readonly callback: Callback }) {
  const text = useText();
  const app = useApp();
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <code className="min-w-0 font-mono text-sm break-all">{callback.url}</code>
        <Badge tone={TONES[callback.status]}>{text.callbacks.status[callback.status]}</Badge>
      </p>
      {callback.error ? <p className="mt-1 text-sm text-danger wrap-anywhere">{callback.error}</p> : null}
      {callback.due_at === null ? null : (
        <p className="mt-1 text-sm text-ink-soft">
          {text.callbacks.next}: <Moment at={callback.due_at} />
        </p>
      )}
      {callback.status === "dead" ? (
        <p className="mt-1 text-sm">
          <Link to={paths.letters(app.workspace_id)} className="text-accent underline underline-offset-4">
            {text.callbacks.letters}
          </Link>
        </p>
      ) : null}
      <ol className="mt-2 flex flex-col gap-1 text-sm">
        {callback.attempts.map((attempt) => (
          <li key={attempt.attempt} className="flex flex-wrap gap-x-3">
            <span className="text-ink-soft">{text.callbacks.attempt(attempt.attempt)}</span>
            <Moment at={attempt.attempted_at} />
            {attempt.status === null ? null : <span>{text.callbacks.answered(attempt.status)}</span>}
            {attempt.error === null ? null : <span className="text-danger wrap-anywhere">{attempt.error}</span>}
            <span className="text-ink-soft">
              <Duration milliseconds={attempt.duration_ms} />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
