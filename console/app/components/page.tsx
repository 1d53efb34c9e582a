import type { ReactNode } from "react";
import { useText } from "../i18n/use-text.ts";

/** The document's title. */
export function Title({ children }: { readonly children: readonly string[] | string }) {
  const parts = typeof children === "string" ? [children] : children;
  return <title>{[...parts, useText().product].join(" · ")}</title>;
}

interface HeadingProps {
  readonly title: string;
  readonly lead?: string;
  /** Buttons beside the title. */
  readonly children?: ReactNode;
}

export function Heading({ title, lead, children }: HeadingProps) {
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-2xl font-semibold tracking-tight text-balance">{title}</h1>
        {lead ? <p className="mt-1 max-w-prose text-sm text-ink-soft">{lead}</p> : null}
      </div>
      {children ? <div className="flex flex-wrap gap-2">{children}</div> : null}
    </div>
  );
}

export function Empty({ title, lead, children }: { readonly title: string; readonly lead: string; readonly children?: ReactNode }) {
  return (
    <div className="rounded-2xl border border-dashed border-line-strong/60 px-6 py-12 text-center">
      <h2 className="text-base font-semibold">{title}</h2>
      <p className="mx-auto mt-1 max-w-md text-sm text-ink-soft">{lead}</p>
      {children ? <div className="mt-6">{children}</div> : null}
    </div>
  );
}
