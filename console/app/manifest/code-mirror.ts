import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, foldKeymap, syntaxTree } from "@codemirror/language";
import { type Diagnostic, forceLinting, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState, type Extension, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";

/*
 * The JSON editor. Loaded in the browser only, when a manifest is shown: it is most of the console's script.
 */

interface Mark {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly readOnly: boolean;
  readonly labels: { readonly label: string; readonly hintId: string };
  /** Allows the editor's own style sheet under the page's policy. */
  readonly nonce: string;
  readonly onChange: (text: string) => void;
  readonly onSave: () => void;
  /** What to mark in a text. Asked again after changes. */
  readonly faultsOf: (text: string) => readonly Mark[];
}

export interface Editor {
  readonly setText: (text: string) => void;
  /** Selects a stretch of the text, shows it, and takes the focus there. */
  readonly goTo: (from: number, to: number) => void;
  /** Marks the faults anew. */
  readonly mark: () => void;
  readonly close: () => void;
}

const CLASSES: Readonly<Record<string, string>> = {
  PropertyName: "code-name",
  String: "code-text",
  Number: "code-number",
  True: "code-word",
  False: "code-word",
  Null: "code-word",
};

const MARKS = Object.fromEntries(Object.values(CLASSES).map((name) => [name, Decoration.mark({ class: name })]));

function colour(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        const mark = MARKS[CLASSES[node.name] ?? ""];
        if (mark) builder.add(node.from, node.to, mark);
      },
    });
  }
  return builder.finish();
}

/** Colours names, texts, numbers and words by class, so that the page's style sheet decides on the colours. */
const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = colour(view);
    }

    update(update: ViewUpdate): void {
      const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
      if (update.docChanged || update.viewportChanged || parsed) this.decorations = colour(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "0.8125rem", backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--editor-font)", lineHeight: "1.6" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--ink-soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklab, var(--accent) 7%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--accent) 25%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in oklab, var(--accent) 25%, transparent)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--sunken)", borderColor: "var(--line)", color: "var(--ink-soft)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "0.5rem",
    overflow: "hidden",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--danger)" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--ink)" },
});

function behaviour({ onSave, onChange }: EditorOptions): Extension {
  const run = () => {
    onSave();
    return true;
  };
  return [
    lineNumbers(),
    foldGutter(),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    EditorView.lineWrapping,
    json(),
    colours,
    keymap.of([
      { key: "Mod-s", preventDefault: true, run },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
  ];
}

function faultMarks({ faultsOf }: EditorOptions): Extension {
  const diagnose = (view: EditorView): Diagnostic[] =>
    faultsOf(view.state.doc.toString()).map(({ from, to, message }) => ({ from, to, message, severity: "error" }));
  return [linter(diagnose, { delay: 300 }), lintGutter()];
}

/** Opens an editor in an element. */
export function openEditor(options: EditorOptions): Editor {
  const { parent, text, labels, nonce } = options;
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      EditorView.cspNonce.of(nonce),
      EditorState.readOnly.of(options.readOnly),
      theme,
      behaviour(options),
      faultMarks(options),
      EditorView.contentAttributes.of({ "aria-label": labels.label, "aria-describedby": labels.hintId }),
    ],
  });
  return {
    setText: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    goTo: (from, to) => {
      const last = view.state.doc.length;
      const anchor = Math.min(from, last);
      view.dispatch({
        selection: { anchor, head: Math.min(to, last) },
        effects: EditorView.scrollIntoView(anchor, { y: "center" }),
      });
      view.focus();
    },
    mark: () => forceLinting(view),
    close: () => view.destroy(),
  };
}
