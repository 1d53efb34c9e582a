import { useCallback, useEffect, useRef, useState } from "react";
import { Form, useFetcher } from "react-router";
import { Button } from "../components/button.tsx";
import { FaultList } from "../components/fault-list.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { useText } from "../i18n/use-text.ts";
import type { action } from "../routes/manifest.tsx";
import { CodeField, type CodeFieldHandle } from "./code-field.tsx";
import { Conflict } from "./conflict.tsx";
import { type PlacedFault, syntaxFaults } from "./faults.ts";
import { readJsonDocument } from "./json-document.ts";
import { LeaveGuard } from "./leave-guard.tsx";
import { locate } from "./locate.ts";
import type { DraftText, SaveResult } from "./save-result.ts";

interface ManifestEditorProps {
  readonly draft: DraftText;
  /** What a form that was sent without scripts came to. */
  readonly posted: SaveResult | undefined;
  readonly readOnly: boolean;
}

/** Where editing starts: after an attempt that did not save, still from the revision that it started from. */
function startFrom(posted: SaveResult | undefined, draft: DraftText): DraftText {
  return posted ? savedAfter(posted, { text: draft.text, revision: posted.revision }) : draft;
}

/** What is known to be saved after an attempt; what was known before where it failed. */
function savedAfter(result: SaveResult | undefined, before: DraftText): DraftText {
  return result?.kind === "saved" ? { text: result.text, revision: result.revision } : before;
}

/** Saving with Ctrl or Cmd and S, wherever the focus is. */
function useSaveKey(save: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
      event.preventDefault();
      save();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [save]);
}

/** The draft as text: edited, checked by the API, saved under its revision. */
export function ManifestEditor({ draft, posted, readOnly }: ManifestEditorProps) {
  const words = useText();
  const fetcher = useFetcher<typeof action>();
  const [base, setBase] = useState(startFrom(posted, draft));
  const [text, setText] = useState(posted?.text ?? draft.text);
  const [result, setResult] = useState(posted);
  const field = useRef<CodeFieldHandle>(null);
  const saving = fetcher.state !== "idle";
  const unsaved = text !== base.text;

  useEffect(() => {
    if (!fetcher.data) return;
    setResult(fetcher.data);
    setBase((before) => savedAfter(fetcher.data, before));
  }, [fetcher.data]);

  const { submit } = fetcher;
  const saveFrom = useCallback(
    (revision: number) => void submit({ manifest: text, revision: String(revision) }, { method: "post" }),
    [submit, text],
  );
  const save = useCallback(() => {
    if (!saving && !readOnly) saveFrom(base.revision);
  }, [saving, readOnly, saveFrom, base.revision]);
  useSaveKey(save);

  const faults = result?.kind === "faults" ? result.faults : [];
  const replaceBy = (next: DraftText) => {
    field.current?.setText(next.text);
    setText(next.text);
    setBase(next);
    setResult(undefined);
  };

  return (
    <Form
      method="post"
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const overwrite = event.nativeEvent instanceof SubmitEvent && event.nativeEvent.submitter?.getAttribute("name") === "revision";
        if (overwrite && result?.kind === "conflict") saveFrom(result.theirs.revision);
        else save();
      }}
    >
      <input type="hidden" name="revision" value={base.revision} />
      <Toolbar
        base={base}
        unsaved={unsaved}
        saving={saving}
        savedNow={result?.kind === "saved"}
        readOnly={readOnly}
        onFormat={readJsonDocument(text).ok ? () => field.current?.setText(JSON.stringify(JSON.parse(text), null, 2)) : undefined}
      />
      {result?.kind === "refused" ? <ProblemNote problem={result.problem} /> : null}
      {result?.kind === "conflict" ? (
        <Conflict
          yours={base.revision}
          theirs={result.theirs}
          onTakeTheirs={() => replaceBy(result.theirs)}
          onLater={() => setResult(undefined)}
        />
      ) : null}
      {faults.length > 0 ? <FaultList faults={faults} onChoose={(fault) => goToFault(field.current, text, fault)} /> : null}
      <CodeField
        ref={field}
        name="manifest"
        label={words.manifest.editor}
        readOnly={readOnly}
        text={text}
        onChange={setText}
        onSave={save}
        faultsKey={result}
        faultsOf={(current) => {
          const mistakes = syntaxFaults(current, words);
          return mistakes.length > 0
            ? mistakes
            : faults.filter(({ path }) => path !== "").map((fault) => ({ ...fault, ...locate(current, fault.path) }));
        }}
      />
      <LeaveGuard unsaved={unsaved} saving={saving} onSave={save} />
    </Form>
  );
}

/** Faults name a place in the document, which may have moved since; a mistake in the text itself has not. */
function goToFault(field: CodeFieldHandle | null, text: string, fault: PlacedFault): void {
  const { from, to } = fault.path === "" ? fault : locate(text, fault.path);
  field?.goTo(from, to);
}

interface ToolbarProps {
  readonly base: DraftText;
  readonly unsaved: boolean;
  readonly saving: boolean;
  readonly savedNow: boolean;
  readonly readOnly: boolean;
  readonly onFormat: (() => void) | undefined;
}

function Toolbar({ base, unsaved, saving, savedNow, readOnly, onFormat }: ToolbarProps) {
  const { manifest, actions } = useText();
  const state = unsaved ? manifest.unsaved : savedNow ? manifest.savedNow(base.revision) : manifest.saved;
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 text-sm">
        <p aria-live="polite" className="flex items-center gap-2 font-medium">
          <span aria-hidden="true" className={`size-2 rounded-full ${unsaved ? "bg-warn" : "bg-ok"}`} />
          {state}
        </p>
        <p className="text-ink-soft">
          {manifest.revision(base.revision)} · {manifest.lead}
        </p>
      </div>
      {readOnly ? null : (
        <div className="flex flex-wrap items-center gap-2">
          <Button onClick={onFormat} disabled={!onFormat}>
            {manifest.format}
          </Button>
          <Button type="submit" look={unsaved ? "primary" : "secondary"} title={manifest.shortcut} aria-disabled={saving || undefined}>
            {saving ? actions.saving : manifest.save}
          </Button>
        </div>
      )}
    </div>
  );
}
