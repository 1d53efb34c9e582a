import { useEffect, useRef } from "react";
import { useBlocker } from "react-router";
import { Button } from "../components/button.tsx";
import { DIALOG } from "../components/dialog.tsx";
import { useText } from "../i18n/use-text.ts";

interface LeaveGuardProps {
  readonly unsaved: boolean;
  readonly saving: boolean;
  readonly onSave: () => void;
}

/** Asks before edits are lost: on the way to another page here, or out of the console. Saving lets the journey go on. */
export function LeaveGuard({ unsaved, saving, onSave }: LeaveGuardProps) {
  const text = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const blocker = useBlocker(({ currentLocation, nextLocation }) => unsaved && currentLocation.pathname !== nextLocation.pathname);

  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);

  useEffect(() => {
    if (blocker.state === "blocked" && unsaved) dialog.current?.showModal();
    else dialog.current?.close();
    if (blocker.state === "blocked" && !unsaved) blocker.proceed();
  }, [blocker, unsaved]);

  // A save that did not work ends the journey: what keeps it from working is on this page.
  const wasSaving = useRef(false);
  useEffect(() => {
    if (wasSaving.current && !saving && unsaved) blocker.reset?.();
    wasSaving.current = saving;
  }, [saving, unsaved, blocker]);

  return (
    <dialog ref={dialog} aria-labelledby="leave-title" className={DIALOG} onCancel={() => blocker.reset?.()}>
      <h2 id="leave-title" className="text-lg font-semibold">
        {text.manifest.leaveTitle}
      </h2>
      <p className="mt-2 text-sm text-ink-soft">{text.manifest.leaveBody}</p>
      <div className="mt-6 flex flex-wrap justify-end gap-2">
        <Button onClick={() => blocker.reset?.()}>{text.manifest.stay}</Button>
        <Button look="danger" onClick={() => blocker.proceed?.()}>
          {text.manifest.leave}
        </Button>
        <Button look="primary" disabled={saving} onClick={onSave}>
          {saving ? text.actions.saving : text.manifest.saveAndLeave}
        </Button>
      </div>
    </dialog>
  );
}
