import type { UiResultView } from "#app";
import { type ContentSpec, Result } from "./content.tsx";
import { errorText } from "./texts.ts";
import { type AppView, scopeOf } from "./view.ts";

/** The result view as the page draws it. */
export function resultSpec(view: UiResultView | undefined): ContentSpec | null {
  if (view === undefined) return null;
  switch (view.type) {
    case "table":
      return { type: "table", props: view.props };
    case "chart":
      return { type: "chart", props: view.props };
    case "text":
    case "markdown":
    case "json":
      return { type: view.type, props: view.props };
  }
}

export function ResultOf({ view }: { view: AppView }) {
  return <Result view={resultSpec(view.ui.result_view)} scope={scopeOf(view)} texts={view.locale.texts} markdown={view.markdown} />;
}

/** What went wrong, in words for a visitor. */
export function Failure({ view, code }: { view: AppView; code: string }) {
  const { title, detail } = errorText(view.locale.texts, code);
  return (
    <div class="notice" role="alert">
      <strong>{title}</strong>
      <span>{detail}</span>
    </div>
  );
}

/** That a run goes on, on a page that looks again by itself. */
export function Going({ view }: { view: AppView }) {
  const { running, looksAgain } = view.locale.texts;
  return (
    <div class="notice" role="status">
      <strong>{running}</strong>
      <span>{looksAgain}</span>
    </div>
  );
}

/** Output of the offline model is named as such wherever it is shown. */
export function OfflineNote({ view }: { view: AppView }) {
  return view.offlineModel ? <p class="note">{view.locale.texts.offlineModel}</p> : null;
}
