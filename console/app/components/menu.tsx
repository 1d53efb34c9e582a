import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "react-router";

interface MenuProps {
  /** What it is for; read before what is shown. */
  readonly label: string;
  readonly shown: string;
  /** Lines up with the end of its button. */
  readonly end?: boolean;
  /** List items. */
  readonly children: ReactNode;
}

/** A list that unfolds under its button. A `details` element, so that it needs no scripts; with them it closes by itself. */
export function Menu({ label, shown, end, children }: MenuProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  const { key } = useLocation();

  // biome-ignore lint/correctness/useExhaustiveDependencies: every new page closes the menu
  useEffect(() => {
    if (menu.current) menu.current.open = false;
  }, [key]);

  useEffect(() => {
    const close = (event: Event) => {
      const inside = event.target instanceof Node && menu.current?.contains(event.target);
      if (menu.current?.open && !inside) menu.current.open = false;
    };
    const closeByKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !menu.current?.open) return;
      menu.current.open = false;
      menu.current.querySelector("summary")?.focus();
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", closeByKey);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", closeByKey);
    };
  }, []);

  return (
    <details ref={menu} className="group relative min-w-0">
      <summary className="flex min-h-9 list-none items-center gap-1.5 rounded-lg px-2 text-sm font-medium hover:bg-sunken">
        <span className="sr-only">{label}: </span>
        <span className="max-w-[9rem] truncate sm:max-w-[16rem]">{shown}</span>
        <svg aria-hidden="true" viewBox="0 0 16 16" className="size-4 flex-none text-ink-soft transition-transform group-open:rotate-180">
          <path d="m4 6 4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
      </summary>
      <ul
        className={`absolute z-30 mt-1 max-h-[70dvh] w-60 overflow-y-auto rounded-xl border border-line bg-surface p-1 shadow-lg ${end ? "end-0" : "start-0"}`}
      >
        {children}
      </ul>
    </details>
  );
}
