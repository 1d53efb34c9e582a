import { NavLink } from "react-router";

export interface Tab {
  readonly to: string;
  readonly label: string;
  /** Only this very page, not those below it. */
  readonly end?: boolean;
  /** Something there that wants to be seen. */
  readonly note?: string;
}

/** Links between the parts of one thing. Scrolls by itself where it does not fit. */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  return (
    <nav aria-label={label} className="-mx-4 overflow-x-auto px-4 [scrollbar-width:none] sm:mx-0 sm:px-0">
      <ul className="-mx-2 flex sm:-mx-3 sm:gap-1">
        {tabs.map((tab) => (
          <li key={tab.to}>
            <NavLink
              to={tab.to}
              end={tab.end ?? false}
              className="relative block px-2 py-2.5 sm:px-3 text-sm font-medium whitespace-nowrap text-ink-soft -outline-offset-2 hover:text-ink aria-[current=page]:text-ink aria-[current=page]:after:absolute aria-[current=page]:after:inset-x-2 sm:aria-[current=page]:after:inset-x-3 aria-[current=page]:after:bottom-0 aria-[current=page]:after:h-0.5 aria-[current=page]:after:rounded-full aria-[current=page]:after:bg-accent"
            >
              {tab.label}
              {tab.note ? (
                <span className="ms-1.5 rounded-full bg-warn-soft px-2 py-0.5 text-xs font-medium text-warn">{tab.note}</span>
              ) : null}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
