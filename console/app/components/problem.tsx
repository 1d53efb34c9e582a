import { type ReactNode, useEffect, useRef } from "react";
import { isWithin, type Problem } from "../api/problem.ts";
import type { Catalogue } from "../i18n/en.ts";
import { useText } from "../i18n/use-text.ts";

/** What a refusal means, in the page's language. */
function problemText(problem: Problem, text: Catalogue): string {
  const known: Readonly<Record<string, string>> = text.problems;
  return known[problem.code] ?? text.problems.internal;
}

/** Codes whose detail says which entry is meant, so that it helps whoever sent it. */
const TELLING = ["validation_failed", "conflict", "invalid_state", "forbidden"];

interface ProblemNoteProps {
  readonly problem: Problem;
  /** Paths whose faults the form shows at its fields: they are not repeated. */
  readonly fields?: readonly string[];
  readonly children?: ReactNode;
}

/** Why an action did not work. Takes the focus, so that nobody misses it. */
export function ProblemNote({ problem, fields = [], children }: ProblemNoteProps) {
  const text = useText();
  const note = useRef<HTMLDivElement>(null);
  const { faults } = problem;
  const elsewhere = faults.filter(({ path }) => !fields.some((field) => isWithin(path, field)));
  // The detail of a single fault says the same as the fault.
  const detailed = faults.length === 0 || (faults.length === 1 && fields.length === 0);
  const listed = detailed ? [] : elsewhere;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new problem takes the focus again
  useEffect(() => note.current?.focus(), [problem]);
  return (
    <div ref={note} role="alert" tabIndex={-1} className="rounded-xl border border-danger/40 bg-danger-soft px-4 py-3 text-sm">
      <p className="font-medium text-danger">{problemText(problem, text)}</p>
      {detailed && TELLING.includes(problem.code) && problem.detail !== "" ? <p className="mt-1">{problem.detail}</p> : null}
      {listed.length > 0 && children === undefined ? (
        <ul className="mt-1 list-disc ps-5">
          {listed.map((fault) => (
            <li key={`${fault.path} ${fault.message}`}>
              <code className="font-mono text-xs">{fault.path}</code> {fault.message}
            </li>
          ))}
        </ul>
      ) : null}
      {children}
      {problem.status >= 500 && problem.requestId !== "" ? (
        <p className="mt-1 font-mono text-xs text-ink-soft">
          {text.errorPage.reference}: {problem.requestId}
        </p>
      ) : null}
    </div>
  );
}

/** A mistake that the form found by itself. */
export function Warning({ children }: { readonly children: string }) {
  return (
    <p role="alert" className="rounded-xl border border-danger/40 bg-danger-soft px-4 py-3 text-sm font-medium text-danger">
      {children}
    </p>
  );
}
