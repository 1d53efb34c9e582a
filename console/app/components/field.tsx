import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";

const BOX =
  "min-h-[2.375rem] w-full rounded-lg border border-line-strong/60 bg-surface px-3 py-2 text-base text-ink placeholder:text-ink-soft/70 sm:text-sm hover:border-line-strong aria-invalid:border-danger";

interface Labelled {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  /** Keeps the label for screen readers only. */
  readonly hideLabel?: boolean;
}

interface Wiring {
  readonly id: string;
  readonly className: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

function Field({ label, hint, error, hideLabel, children }: Labelled & { readonly children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className={hideLabel ? "sr-only" : "text-sm font-medium"}>
        {label}
      </label>
      {children({ id, className: BOX, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": error ? true : undefined })}
      {note ? (
        <p id={`${id}-note`} className={`text-sm ${error ? "text-danger" : "text-ink-soft"}`}>
          {note}
        </p>
      ) : null}
    </div>
  );
}

export function TextField({ label, hint, error, hideLabel, ...input }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field {...{ label, hint, error, ...(hideLabel ? { hideLabel } : {}) }}>
      {(wiring) => <input type="text" {...wiring} {...input} />}
    </Field>
  );
}

interface TextAreaProps extends Labelled, TextareaHTMLAttributes<HTMLTextAreaElement> {
  /** For JSON and expressions: every character counts, and lines up. */
  readonly code?: boolean;
}

export function TextArea({ label, hint, error, hideLabel, code, ...input }: TextAreaProps) {
  const exact = code ? ({ spellCheck: false, autoCapitalize: "none", autoComplete: "off" } as const) : {};
  return (
    <Field {...{ label, hint, error, ...(hideLabel ? { hideLabel } : {}) }}>
      {({ className, ...wiring }) => <textarea className={code ? `${className} font-mono` : className} {...wiring} {...exact} {...input} />}
    </Field>
  );
}

export function SelectField({ label, hint, error, hideLabel, ...input }: Labelled & SelectHTMLAttributes<HTMLSelectElement>) {
  return <Field {...{ label, hint, error, ...(hideLabel ? { hideLabel } : {}) }}>{(wiring) => <select {...wiring} {...input} />}</Field>;
}

interface ChoiceProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly type: "radio" | "checkbox";
  readonly label: string;
  readonly about?: string;
}

/** A radio button or a checkbox as a card, with a line on what it means. */
export function Choice({ label, about, ...input }: ChoiceProps) {
  return (
    <label className="flex gap-3 rounded-xl border border-line bg-surface p-4 hover:border-line-strong has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      <input {...input} className="mt-0.5 size-4 flex-none outline-none" />
      <span className="min-w-0">
        <span className="block text-sm font-medium">{label}</span>
        {about ? <span className="mt-0.5 block text-sm text-ink-soft">{about}</span> : null}
      </span>
    </label>
  );
}
