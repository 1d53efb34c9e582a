import type { AppStatusWord, CheckState, DomainStatusWord, NodeStatusWord, RecordState, RunStatusWord } from "../api/words.ts";
import { useText } from "../i18n/use-text.ts";

type Tone = "neutral" | "accent" | "ok" | "warn" | "danger";

const TONES: Readonly<Record<Tone, string>> = {
  neutral: "bg-sunken text-ink-soft",
  accent: "bg-accent-soft text-accent-strong",
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  danger: "bg-danger-soft text-danger",
};

export function Badge({ tone = "neutral", children }: { readonly tone?: Tone; readonly children: string }) {
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}>
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {children}
    </span>
  );
}

const APP_TONES: Readonly<Record<AppStatusWord, Tone>> = {
  draft: "neutral",
  published: "ok",
  unpublished: "warn",
  archived: "neutral",
};

export function AppStatus({ status }: { readonly status: AppStatusWord }) {
  return <Badge tone={APP_TONES[status]}>{useText().appStatus[status]}</Badge>;
}

type AnyRunStatus = RunStatusWord | NodeStatusWord;

const RUN_TONES: Readonly<Record<AnyRunStatus, Tone>> = {
  queued: "neutral",
  running: "accent",
  waiting: "warn",
  completed: "ok",
  failed: "danger",
  cancelled: "neutral",
  interrupted: "danger",
  skipped: "neutral",
};

export function RunStatus({ status }: { readonly status: AnyRunStatus }) {
  return <Badge tone={RUN_TONES[status]}>{useText().runStatus[status]}</Badge>;
}

const DOMAIN_TONES: Readonly<Record<DomainStatusWord, Tone>> = {
  pending: "warn",
  verifying: "accent",
  verified: "neutral",
  issuing: "accent",
  active: "ok",
  failed: "danger",
  action_needed: "danger",
  moved: "danger",
  removed: "neutral",
};

export function DomainStatus({ status }: { readonly status: DomainStatusWord }) {
  return <Badge tone={DOMAIN_TONES[status]}>{useText().domains.statuses[status]}</Badge>;
}

const CHECK_TONES: Readonly<Record<CheckState, Tone>> = { passed: "ok", failed: "danger", pending: "accent", unknown: "neutral" };

export function CheckBadge({ state }: { readonly state: CheckState }) {
  return <Badge tone={CHECK_TONES[state]}>{useText().domains.checkStates[state]}</Badge>;
}

const RECORD_TONES: Readonly<Record<RecordState, Tone>> = { found: "ok", missing: "warn", wrong: "danger", unknown: "neutral" };

export function RecordBadge({ state }: { readonly state: RecordState }) {
  return <Badge tone={RECORD_TONES[state]}>{useText().domains.recordStates[state]}</Badge>;
}
