import { render } from "hono/jsx/dom";
import { Content, type ContentSpec, Result } from "../content.tsx";
import { loadMarkdown, type RenderMarkdown } from "../markdown.ts";
import type { Scope } from "../scope.ts";
import type { Texts } from "../texts.ts";

/** What draws runs' results: the components that the server has, loaded once a run has begun. */
export interface Drawing {
  readonly markdown: RenderMarkdown;
  readonly result: (place: HTMLElement, view: ContentSpec | null, scope: Scope) => void;
  readonly content: (place: HTMLElement, spec: ContentSpec, scope: Scope) => void;
}

const asText: RenderMarkdown = (markdown) => markdown;

/** Markdown is a chunk of its own: pages that show none do not load it. */
export async function createDrawing(texts: Texts, needsMarkdown: boolean): Promise<Drawing> {
  const markdown = needsMarkdown ? await loadMarkdown() : asText;
  return {
    markdown,
    result: (place, view, scope) => render(<Result view={view} scope={scope} texts={texts} markdown={markdown} />, place),
    content: (place, spec, scope) => render(<Content spec={spec} scope={scope} texts={texts} markdown={markdown} />, place),
  };
}
