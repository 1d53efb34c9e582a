import type { ReactNode } from "react";

/** A bordered part of a page, with its own heading. */
export function Card({ title, lead, children }: { readonly title?: string; readonly lead?: string; readonly children: ReactNode }) {
  return (
    <section className="rounded-2xl border border-line bg-surface p-4 sm:p-6">
      {title ? <h2 className="text-base font-semibold">{title}</h2> : null}
      {lead ? <p className="mt-1 text-sm text-ink-soft">{lead}</p> : null}
      <div className={title || lead ? "mt-4" : ""}>{children}</div>
    </section>
  );
}
