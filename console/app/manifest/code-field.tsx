import { type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from "react";
import { useText } from "../i18n/use-text.ts";
import type { Editor } from "./code-mirror.ts";
import type { PlacedFault } from "./faults.ts";

export type CodeFieldHandle = Pick<Editor, "setText" | "goTo">;

interface CodeFieldProps {
  readonly name: string;
  readonly label: string;
  readonly text: string;
  readonly readOnly: boolean;
  readonly onChange: (text: string) => void;
  readonly onSave: () => void;
  readonly faultsOf: (text: string) => readonly PlacedFault[];
  /** Changes when `faultsOf` would answer otherwise for the same text. */
  readonly faultsKey: unknown;
  readonly ref: Ref<CodeFieldHandle>;
}

/** The scripts' nonce, which the browser keeps for scripts only. */
function pageNonce(): string {
  return document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
}

/** A form field for JSON: a plain text area, which becomes an editor as soon as scripts run. */
export function CodeField({ name, label, text, readOnly, onChange, onSave, faultsOf, faultsKey, ref }: CodeFieldProps) {
  const words = useText();
  const hintId = useId();
  const place = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<Editor>(null);
  const latest = useRef({ text, onChange, onSave, faultsOf });
  const [opened, setOpened] = useState(false);

  useEffect(() => {
    latest.current = { text, onChange, onSave, faultsOf };
  });

  useEffect(() => {
    const closing = new AbortController();
    void import("./code-mirror.ts").then(({ openEditor }) => {
      if (closing.signal.aborted || !place.current) return;
      const begun = area.current === document.activeElement ? area.current : null;
      editor.current = openEditor({
        parent: place.current,
        text: latest.current.text,
        labels: { label, hintId },
        readOnly,
        nonce: pageNonce(),
        onChange: (next) => latest.current.onChange(next),
        onSave: () => latest.current.onSave(),
        faultsOf: (current) => latest.current.faultsOf(current),
      });
      // Whoever has begun to type in the text area goes on where they are.
      if (begun) editor.current.goTo(begun.selectionStart, begun.selectionEnd);
      setOpened(true);
    });
    return () => {
      closing.abort();
      editor.current?.close();
      editor.current = null;
      setOpened(false);
    };
  }, [label, hintId, readOnly]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what the marks depend on
  useEffect(() => editor.current?.mark(), [faultsKey]);

  useImperativeHandle(ref, () => ({
    setText: (next) => (editor.current ? editor.current.setText(next) : onChange(next)),
    goTo: (from, to) => {
      if (editor.current) return editor.current.goTo(from, to);
      area.current?.focus();
      area.current?.setSelectionRange(from, to);
    },
  }));

  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface focus-within:border-accent focus-within:ring-1 focus-within:ring-accent">
      <textarea
        ref={area}
        name={name}
        aria-label={label}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        hidden={opened}
        readOnly={readOnly}
        spellCheck={false}
        autoCapitalize="none"
        className="block h-[min(70dvh,48rem)] w-full resize-y bg-transparent p-4 font-mono text-base leading-relaxed outline-none sm:text-[0.8125rem]"
      />
      <div ref={place} className={opened ? "h-[min(70dvh,48rem)]" : ""} />
      <p id={hintId} className="sr-only">
        {words.manifest.leaveHint}
      </p>
    </div>
  );
}
