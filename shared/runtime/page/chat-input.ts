import type { UiSchema } from "#app";

/** The input that takes what a visitor writes in the page's chat; `null` for a page without one. */
export function chatInput(blocks: UiSchema["blocks"]): string | null {
  for (const block of blocks) {
    if (block.type === "chat") return block.input_key;
    const inside = "children" in block ? chatInput(block.children) : null;
    if (inside !== null) return inside;
  }
  return null;
}
