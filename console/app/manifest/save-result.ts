import type { Problem } from "../api/problem.ts";
import type { PlacedFault } from "./faults.ts";

/** A manifest as text, and the draft revision it is or starts from. */
export interface DraftText {
  readonly text: string;
  readonly revision: number;
}

/** What became of an attempt to save. `text` is what was sent: it is never lost. */
export type SaveResult = DraftText &
  (
    | { readonly kind: "saved" }
    | { readonly kind: "faults"; readonly faults: readonly PlacedFault[] }
    | { readonly kind: "conflict"; readonly theirs: DraftText }
    | { readonly kind: "refused"; readonly problem: Problem }
  );
