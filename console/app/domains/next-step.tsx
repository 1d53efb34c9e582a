import type { Domain } from "../api/domain-schemas.ts";
import { useLocale, useText } from "../i18n/use-text.ts";

/** What is to be done next, in the page's language; in the API's own words where it says something new. */
export function useNextStep({ status, next_step, redirect_to }: Pick<Domain, "status" | "next_step" | "redirect_to">): string {
  const text = useText();
  if (next_step === null && status === "active" && redirect_to !== null) return text.domains.redirects(redirect_to);
  if (next_step === null) return status === "active" ? text.domains.live : text.domains.nothingToDo;
  const known: Readonly<Record<string, string>> = text.domains.steps;
  return known[next_step.code] ?? next_step.message;
}

/** Codes whose message has more to say than what the page knows by itself, such as a far side's own words. */
const TELLING: readonly string[] = ["hostname_refused", "hostname_failed", "certificate_stalled"];

export function NextStep({ domain }: { readonly domain: Domain }) {
  const text = useText();
  const locale = useLocale();
  const step = useNextStep(domain);
  const { next_step } = domain;
  const more = next_step !== null && TELLING.includes(next_step.code) ? next_step.message : null;
  return (
    <section aria-label={text.domains.next} role="status" className={`rounded-2xl border p-4 sm:p-6 ${LOOKS[toneOf(domain)]}`}>
      <p className="text-base font-medium text-pretty">{step}</p>
      {more === null ? null : (
        <p className="mt-2 text-sm text-ink-soft" {...(locale === "en" ? {} : { lang: "en" })}>
          {more}
        </p>
      )}
    </section>
  );
}

const LOOKS = {
  ok: "border-ok/40 bg-ok-soft",
  busy: "border-line bg-surface",
  todo: "border-accent bg-accent-soft",
  bad: "border-danger/40 bg-danger-soft",
} as const;

function toneOf({ status, next_step }: Domain): keyof typeof LOOKS {
  if (status === "failed" || status === "action_needed" || status === "moved") return "bad";
  if (status === "active") return next_step === null ? "ok" : "todo";
  return status === "pending" || status === "verified" ? "todo" : "busy";
}
