/** One `{{ … }}` in a text of the page. The page fills in paths; it evaluates nothing. */
export interface Placeholder {
  readonly source: string;
  /** `undefined` when the source is not a path into the inputs or outputs. */
  readonly root: "inputs" | "outputs" | undefined;
  /** The input or output that the path begins with; `undefined` for all of them together. */
  readonly name: string | undefined;
}

const PLACEHOLDER = /\{\{([\s\S]*?)\}\}/g;
const PATH = /^(inputs|outputs)(?:\.([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\[\d+\])*)?$/;

export function placeholdersIn(text: string): Placeholder[] {
  return Array.from(text.matchAll(PLACEHOLDER), ([, inside = ""]) => {
    const source = inside.trim();
    const [, root, name] = PATH.exec(source) ?? [];
    return { source, root: root === "inputs" || root === "outputs" ? root : undefined, name };
  });
}

/** Whether a text is exactly one placeholder, so that it stands for a value rather than for text. */
export function isSinglePlaceholder(text: string): boolean {
  return /^\s*\{\{(?:(?!\}\})[\s\S])*\}\}\s*$/.test(text);
}
