import type { ContentSpec } from "./content.tsx";
import type { PageLanguage } from "./texts.ts";

/** What the page tells its script, as JSON in `data-page`. */
export interface PageConfig {
  /** Where runs are started. */
  readonly runs: string;
  /** Where files are uploaded. */
  readonly files: string;
  readonly language: PageLanguage;
  readonly result: ContentSpec | null;
  /** Blocks that show something of a run, by block id. */
  readonly live: Readonly<Record<string, ContentSpec>>;
  readonly steps: Readonly<Record<string, string>>;
  readonly answerNodes: readonly string[];
  /** The input that takes what the visitor writes, on a page with a chat. */
  readonly chatInput: string | null;
}
