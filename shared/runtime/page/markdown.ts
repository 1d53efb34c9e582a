import type { MarkdownIt } from "markdown-it";

export type RenderMarkdown = (markdown: string) => string;

let parser: MarkdownIt | undefined;

/**
 * Loads the markdown renderer. Raw HTML stays text, and links lead only where markdown-it's own rules allow
 * (no `javascript:`, `vbscript:`, `file:`); they open apart from the page and tell the other side nothing.
 */
export async function loadMarkdown(): Promise<RenderMarkdown> {
  if (parser === undefined) {
    const { default: Parser } = await import("markdown-it");
    parser = new Parser({ html: false, linkify: true, breaks: true });
    parser.renderer.rules["link_open"] = (tokens, index, options, _env, self) => {
      tokens[index]?.attrSet("rel", "noopener noreferrer nofollow");
      tokens[index]?.attrSet("target", "_blank");
      return self.renderToken(tokens, index, options);
    };
  }
  const { render } = parser;
  return render.bind(parser);
}
