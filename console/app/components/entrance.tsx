import type { ReactNode } from "react";
import { Mark } from "./brand.tsx";
import { LanguageSwitch } from "./language-switch.tsx";
import { Title } from "./page.tsx";

/** The frame of pages that stand alone: signing in, joining. */
export function Entrance({ title, lead, children }: { readonly title: string; readonly lead: string; readonly children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center justify-center gap-8 px-4 py-10">
      <Title>{title}</Title>
      <main id="main" className="w-full max-w-sm">
        <div className="flex items-center gap-2.5 font-semibold tracking-tight">
          <Mark />
          AgentFlow
        </div>
        <h1 className="mt-8 text-2xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-1.5 text-sm text-ink-soft">{lead}</p>
        <div className="mt-6">{children}</div>
      </main>
      <LanguageSwitch />
    </div>
  );
}
