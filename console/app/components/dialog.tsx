import { type ReactNode, useEffect, useId, useRef } from "react";
import { Form, useNavigation } from "react-router";
import { useText } from "../i18n/use-text.ts";
import { Button, type ButtonProps, Submit } from "./button.tsx";

interface ConfirmProps {
  /** What opens the question. */
  readonly trigger: string;
  readonly look?: ButtonProps["look"];
  readonly title: string;
  readonly body: string;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly intent: string;
  readonly row?: string;
  /** Where the form goes, when not to the page's own action. */
  readonly action?: string;
  /** Further (hidden) fields of the form. */
  readonly children?: ReactNode;
}

/** A button that asks before it acts. The dialog opens by the button's `command`, so it works before and without scripts. */
export function Confirm({ trigger, look = "secondary", title, body, confirm, danger, intent, row, action, children }: ConfirmProps) {
  const text = useText();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const { state } = useNavigation();

  useEffect(() => {
    if (state === "loading") dialog.current?.close();
  }, [state]);

  return (
    <>
      <Button look={look} {...openerOf(id)}>
        {trigger}
      </Button>
      <dialog ref={dialog} id={id} aria-labelledby={`${id}-title`} className={DIALOG}>
        <h2 id={`${id}-title`} className="text-lg font-semibold text-wrap">
          {title}
        </h2>
        <p className="mt-2 text-sm text-ink-soft text-wrap">{body}</p>
        <Form method="post" {...(action === undefined ? {} : { action })} className="mt-6 flex flex-wrap justify-end gap-2">
          {row === undefined ? null : <input type="hidden" name="row" value={row} />}
          {children}
          <Button {...closerOf(id)}>{text.actions.cancel}</Button>
          <Submit intent={intent} {...(row === undefined ? {} : { row })} look={danger ? "danger" : "primary"}>
            {confirm}
          </Submit>
        </Form>
      </dialog>
    </>
  );
}

export const DIALOG =
  "m-auto w-[min(28rem,calc(100vw-2rem))] rounded-2xl border border-line bg-surface p-6 text-start text-ink shadow-2xl whitespace-normal";

/** Attributes of a button that opens a dialog (HTML invoker commands). */
function openerOf(id: string): Record<string, string> {
  return { command: "show-modal", commandfor: id };
}

function closerOf(id: string): Record<string, string> {
  return { command: "close", commandfor: id };
}
