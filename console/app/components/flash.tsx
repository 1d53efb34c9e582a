import { useEffect, useState } from "react";
import type { FlashKey } from "../flash.ts";
import { useText } from "../i18n/use-text.ts";

/** A message to show. Each is an object of its own, so that the same one can be said twice. */
export interface FlashMessage {
  readonly key: FlashKey;
}

/** Says what the last action did, to screen readers too; goes by itself after a while, on this page or the next. */
export function Flash({ message }: { readonly message: FlashMessage | null }) {
  const text = useText();
  const [shown, setShown] = useState(message);
  useEffect(() => {
    if (message !== null) setShown(message);
  }, [message]);
  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(() => setShown(null), 6000);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div
      aria-live="polite"
      role="status"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-40 flex justify-center sm:inset-x-auto sm:end-6 sm:bottom-6"
    >
      {shown === null ? null : (
        <p className="flex items-center gap-3 rounded-xl bg-ink py-2.5 ps-4 pe-2 text-sm font-medium text-canvas shadow-lg">
          {text.flash[shown.key]}
          <button
            type="button"
            onClick={() => setShown(null)}
            aria-label={text.actions.dismiss}
            className="pointer-events-auto rounded-md px-2 py-0.5 text-lg leading-none opacity-70 hover:opacity-100"
          >
            ×
          </button>
        </p>
      )}
    </div>
  );
}
