import type { ButtonHTMLAttributes } from "react";
import { Link, type LinkProps, useNavigation } from "react-router";
import { useText } from "../i18n/use-text.ts";

type Look = "primary" | "secondary" | "quiet" | "danger";

const SHAPE =
  "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 py-1.5 text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-60";

const LOOKS: Readonly<Record<Look, string>> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-line bg-surface text-ink hover:border-line-strong hover:bg-sunken",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
  danger: "border border-line bg-surface text-danger hover:border-danger hover:bg-danger-soft",
};

function classes(look: Look, more = ""): string {
  return `${SHAPE} ${LOOKS[look]} ${more}`;
}

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { readonly look?: Look };

export function Button({ look = "secondary", className, type = "button", ...rest }: ButtonProps) {
  return <button type={type} className={classes(look, className)} {...rest} />;
}

/** A link that looks like a button. */
export function ButtonLink({ look = "secondary", className, ...rest }: LinkProps & { readonly look?: Look; readonly className?: string }) {
  return <Link className={classes(look, className)} {...rest} />;
}

/** Whether the form with this intent (and, in lists, this row) is being sent. */
function usePending(intent: string, row?: string): boolean {
  const { state, formData } = useNavigation();
  if (state === "idle" || formData?.get("intent") !== intent) return false;
  return row === undefined || formData.get("row") === row;
}

interface SubmitProps extends ButtonProps {
  /** What the action should do; sent as `intent`. */
  readonly intent: string;
  /** Which row of a list the form is about. */
  readonly row?: string;
}

/** The button that sends its form. It says so while the form is on its way, and cannot send it twice. */
export function Submit({ intent, row, children, look = "primary", ...rest }: SubmitProps) {
  const text = useText();
  const pending = usePending(intent, row);
  return (
    <Button
      {...rest}
      type="submit"
      look={look}
      name="intent"
      value={intent}
      aria-disabled={pending || undefined}
      onClick={(event) => pending && event.preventDefault()}
    >
      {pending ? text.actions.working : children}
    </Button>
  );
}

interface SwitchProps {
  readonly intent: string;
  readonly on: boolean;
  /** What pressing it does. */
  readonly label: string;
  readonly disabled: boolean;
}

/** A button that shows whether something is on, and sends its form to change that. */
export function Switch({ intent, on, label, disabled }: SwitchProps) {
  return (
    <button
      type="submit"
      name="intent"
      value={intent}
      disabled={disabled}
      aria-label={label}
      title={label}
      className={`inline-flex h-6 w-10 flex-none items-center rounded-full border p-0.5 transition-colors disabled:opacity-60 ${on ? "justify-end border-accent bg-accent" : "justify-start border-line-strong bg-sunken"}`}
    >
      <span aria-hidden="true" className={`size-4.5 rounded-full ${on ? "bg-on-accent" : "bg-line-strong"}`} />
    </button>
  );
}
