import type { Context } from "#platform/context";
import { type CustomHostname, certificateEnd, certificateStatus } from "./cloudflare/custom-hostname.ts";
import { type DnsFacts, proofName } from "./dns/look-up.ts";
import type { Finding, Verdict } from "./dns/verdicts.ts";
import type { NextStep } from "./next-steps.ts";
import { unicodeHostname } from "./punycode.ts";
import type { CertificateMethod, ClaimRecord } from "./records.ts";
import { customOf, type DomainRow, dnsOf, type Notice, nextStepOf, noticesOf } from "./rows.ts";
import { recordsOf } from "./situation.ts";
import type { DomainStatus } from "./states.ts";

type RecordState = "found" | "missing" | "wrong" | "unknown";

interface RecordView extends ClaimRecord {
  readonly state: RecordState;
  /** What is there, or is there instead. */
  readonly found: string[];
}

interface CheckView {
  readonly state: Verdict;
  /** What the state rests on, such as `missing` or `dnssec`. */
  readonly detail: string;
}

/** A custom hostname as the API shows it: its state, what is to be done, and what was found. */
export interface Domain {
  readonly id: string;
  readonly app_id: string;
  readonly hostname: string;
  readonly unicode_hostname: string;
  readonly status: DomainStatus;
  readonly next_step: NextStep | null;
  readonly records: RecordView[];
  readonly checks: {
    readonly ownership: CheckView;
    readonly routing: CheckView;
    readonly hostname: { readonly status: string | null; readonly errors: string[] };
    readonly certificate: {
      readonly status: string | null;
      readonly method: CertificateMethod;
      readonly expires_at: string | null;
      readonly errors: string[];
    };
    readonly checked_at: string | null;
    readonly next_check_at: string | null;
  };
  readonly canonical: boolean;
  readonly redirect_to: string | null;
  readonly version_id: string | null;
  readonly previous: { readonly app_id: string; readonly version_id: string | null; readonly at: string } | null;
  readonly notices: Notice[];
  readonly behind_proxy: boolean;
  readonly verification: { readonly type: "TXT"; readonly name: string; readonly value: string };
  readonly verified_at: string | null;
  readonly activated_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A claim, and the hostname that it redirects to. */
export interface ShownRow {
  readonly row: DomainRow;
  readonly redirectTo: string | null;
}

const RECORD_STATES: Readonly<Record<string, RecordState>> = { missing: "missing", wrong: "wrong", loop: "wrong", mixed: "wrong" };

function stateOfRecord({ state, reason }: Finding, proves: boolean): RecordState {
  if (proves) return "found";
  if (state === "unknown") return "unknown";
  return RECORD_STATES[reason] ?? "missing";
}

/** What is known of one record. The proof by text is not there merely because an alias proves the same, and the other way round. */
function recordView(record: ClaimRecord, row: DomainRow, dns: DnsFacts): RecordView {
  if (record.name === proofName(row.hostname)) {
    const { ownership } = dns;
    const state = stateOfRecord(ownership.reason === "cname" ? { ...ownership, reason: "missing" } : ownership, ownership.reason === "txt");
    return { ...record, state, found: ownership.reason === "cname" ? [] : ownership.found };
  }
  if (record.purpose === "routing") {
    const { routing } = dns;
    return { ...record, state: stateOfRecord(routing, routing.state === "passed"), found: routing.found };
  }
  const finding = dns.records.find(({ name, value }) => name === record.name && value === record.value)?.finding;
  if (!finding) return { ...record, state: "unknown", found: [] };
  return { ...record, state: stateOfRecord(finding, finding.state === "passed"), found: finding.found };
}

function checkView({ state, reason }: Finding, asked: boolean): CheckView {
  return asked ? { state, detail: reason } : { state: "pending", detail: "not_checked" };
}

function errorsOf(custom: CustomHostname | null): Pick<Domain["checks"]["hostname"], "errors"> & { readonly certificate: string[] } {
  return {
    errors: custom?.verification_errors ?? [],
    certificate: (custom?.ssl?.validation_errors ?? []).map(({ message }) => message),
  };
}

function previousOf({ previousAppId, previousVersionId, switchedAt }: DomainRow): Domain["previous"] {
  if (previousAppId === null || switchedAt === null) return null;
  return { app_id: previousAppId, version_id: previousVersionId, at: switchedAt.toISOString() };
}

const timeOf = (time: Date | null): string | null => time?.toISOString() ?? null;

/** A claim as the API shows it. Nothing is asked for it: it is what the last check found. */
export function present(ctx: Context, { row, redirectTo }: ShownRow): Domain {
  const [dns, custom] = [dnsOf(row), customOf(row)];
  const { errors, certificate } = errorsOf(custom);
  const asked = row.checkedAt !== null;
  const end = certificateEnd(custom);
  return {
    id: row.id,
    app_id: row.appId,
    hostname: row.hostname,
    unicode_hostname: unicodeHostname(row.hostname),
    status: row.status,
    next_step: nextStepOf(row),
    records: recordsOf(ctx, row).map((record) => recordView(record, row, dns)),
    checks: {
      ownership: checkView(dns.ownership, asked),
      routing: checkView(dns.routing, asked),
      hostname: { status: custom?.status ?? null, errors },
      certificate: {
        status: custom === null ? null : certificateStatus(custom),
        method: row.certificateMethod,
        expires_at: end === null ? null : new Date(end).toISOString(),
        errors: certificate,
      },
      checked_at: timeOf(row.checkedAt),
      next_check_at: timeOf(row.nextCheckAt),
    },
    canonical: row.canonical,
    redirect_to: redirectTo,
    version_id: row.versionId,
    previous: previousOf(row),
    notices: noticesOf(row),
    behind_proxy: dns.routing.reason === "proxied",
    verification: { type: "TXT", name: proofName(row.hostname), value: row.verificationToken },
    verified_at: timeOf(row.verifiedAt),
    activated_at: timeOf(row.activatedAt),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
