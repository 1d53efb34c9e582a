import { useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { Button, ButtonLink } from "../components/button.tsx";
import { useText } from "../i18n/use-text.ts";
import type { DraftText } from "./save-result.ts";

interface ConflictProps {
  readonly yours: number;
  readonly theirs: DraftText;
  /** Without scripts the link below loads the page anew, with the saved draft. */
  readonly onTakeTheirs: () => void;
  readonly onLater: () => void;
}

/** Two people changed the same draft: nothing is decided for them. Stands inside the editor's form. */
export function Conflict({ yours, theirs, onTakeTheirs, onLater }: ConflictProps) {
  const text = useText();
  const { pathname } = useLocation();
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.focus(), []);
  return (
    <section ref={section} tabIndex={-1} role="alert" className="rounded-xl border border-warn/40 bg-warn-soft px-4 py-4 text-sm">
      <h2 className="font-medium text-warn">{text.manifest.conflictTitle}</h2>
      <p className="mt-1">{text.manifest.conflictBody(yours, theirs.revision)}</p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button type="submit" look="primary" name="revision" value={theirs.revision}>
          {text.manifest.conflictMine}
        </Button>
        <ButtonLink
          to={pathname}
          reloadDocument
          onClick={(event) => {
            event.preventDefault();
            onTakeTheirs();
          }}
        >
          {text.manifest.conflictTheirs}
        </ButtonLink>
        <Button look="quiet" onClick={onLater}>
          {text.manifest.conflictLook}
        </Button>
      </div>
    </section>
  );
}
