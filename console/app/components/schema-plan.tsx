import type { SchemaPlan } from "../api/problem.ts";
import { useText } from "../i18n/use-text.ts";
import { Badge } from "./badge.tsx";

const TONES = { additive: "ok", lossy: "warn", destructive: "danger" } as const;

/** What is going to be done to the database, in its order, with what becomes of the values that are there. */
export function PlanSteps({ plan }: { readonly plan: SchemaPlan }) {
  const text = useText();
  return (
    <ol className="divide-y divide-line rounded-xl border border-line bg-surface">
      {plan.steps.map(({ kind, table, column, message, effect, locks }) => (
        <li key={`${kind} ${table} ${column ?? ""} ${message}`} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm">
          <Badge tone={TONES[effect]}>{text.plan.effects[effect]}</Badge>
          <span className="min-w-0 flex-1 basis-60 wrap-anywhere">
            <code className="font-mono text-xs text-ink-soft">{column === null ? table : `${table}.${column}`}</code> {message}
          </span>
          {locks === "long" ? <span className="text-xs text-ink-soft">{text.plan.long}</span> : null}
        </li>
      ))}
    </ol>
  );
}
