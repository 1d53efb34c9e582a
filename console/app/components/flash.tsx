import { useEffect, useState } from "react";
import type { FlashKey } from "../flash.ts";
import { useText } from "../i18n/use-text.ts";

/** Says what the last action did. Announced to screen readers; goes by itself after a while. */
export function Flash({ message }: { readonly message: FlashKey | null }) {
  const text = useText();
  const [shown, setShown] = useState(message);
  useEffect(() => {
    if (message === null) return;
    setShown(message);
    const timer = setTimeout(() => setShown(null), 6000);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <div
      aria-live="polite"
      role="status"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-40 flex justify-center sm:inset-x-auto sm:end-6 sm:bottom-6"
    >
      {shown === null ? null : (
        <p className="pointer-events-auto flex items-center gap-3 rounded-xl bg-ink py-2.5 ps-4 pe-2 text-sm font-medium text-canvas shadow-lg">
          {text.flash[shown]}
          <button
            type="button"
            onClick={() => setShown(null)}
            aria-label={text.actions.dismiss}
            className="rounded-md px-2 py-0.5 text-lg leading-none opacity-70 hover:opacity-100"
          >
            ×
          </button>
        </p>
      )}
    </div>
  );
}
