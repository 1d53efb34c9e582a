import { useEffect, useState } from "react";
import { useText } from "../i18n/use-text.ts";
import { Button } from "./button.tsx";

/** Copies a text. Not there until scripts are, since it could do nothing. */
function Copy({ value, look }: { readonly value: string; readonly look: "primary" | "secondary" }) {
  const text = useText();
  const [able, setAble] = useState(false);
  const [copied, setCopied] = useState(false);
  useEffect(() => setAble("clipboard" in navigator), []);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  if (!able) return null;
  return (
    <Button look={look} onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}>
      <span aria-live="polite">{copied ? text.actions.copied : text.actions.copy}</span>
    </Button>
  );
}

/** A value as JSON, or a text as it is. */
export function Code({ label, value }: { readonly label: string; readonly value: unknown }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="max-h-96 overflow-auto rounded-xl bg-sunken px-4 py-3"
    >
      <pre className="font-mono text-[0.8125rem] leading-relaxed wrap-anywhere whitespace-pre-wrap">
        {typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "")}
      </pre>
    </section>
  );
}

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  readonly look?: "primary" | "secondary";
}

/** A text that is there to be copied. */
export function CopyField({ label, value, look = "secondary" }: CopyFieldProps) {
  return (
    <div className="flex flex-wrap gap-2">
      <input
        readOnly
        value={value}
        aria-label={label}
        className="min-w-0 flex-1 basis-56 rounded-lg border border-line bg-surface px-3 py-2 font-mono text-sm"
        onFocus={(event) => event.currentTarget.select()}
      />
      <Copy value={value} look={look} />
    </div>
  );
}

/** Something to copy that is shown once: a key, a link. */
export function OneTime({
  title,
  lead,
  label,
  value,
}: {
  readonly title: string;
  readonly lead: string;
  readonly label: string;
  readonly value: string;
}) {
  return (
    <section role="status" className="rounded-2xl border border-accent bg-accent-soft p-4 sm:p-6">
      <h2 className="text-base font-semibold">{title}</h2>
      <p className="mt-1 text-sm">{lead}</p>
      <div className="mt-3">
        <CopyField label={label} value={value} look="primary" />
      </div>
    </section>
  );
}
