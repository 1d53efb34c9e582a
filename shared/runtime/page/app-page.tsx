import { Blocks, liveBlocks } from "./blocks.tsx";
import { chatInput } from "./chat-input.ts";
import { Document } from "./document.tsx";
import { Failure, Going, OfflineNote, ResultOf, resultSpec } from "./outcome.tsx";
import type { PageConfig } from "./page-config.ts";
import type { AppView } from "./view.ts";

function configOf(view: AppView, chat: string | null): PageConfig {
  return {
    runs: `${view.base}/runs`,
    files: `${view.base}/files`,
    language: view.locale.language,
    result: resultSpec(view.ui.result_view),
    live: liveBlocks(view.ui.blocks),
    steps: view.steps,
    answerNodes: view.answerNodes,
    chatInput: chat,
  };
}

function Outcome({ view }: { view: AppView }) {
  const { state } = view;
  if (state.kind !== "answered") return null;
  if (state.answer.status === "completed") return <ResultOf view={view} />;
  return <Failure view={view} code={state.answer.error?.code ?? "internal"} />;
}

/** Where a run's answer appears, below the form. A chat answers in its own place. */
function ResultPanel({ view }: { view: AppView }) {
  return (
    <section class="panel result" id="result" hidden={view.state.kind !== "answered"}>
      <h2 id="result-title" tabindex={-1}>
        {view.locale.texts.result}
      </h2>
      <ol class="steps" id="steps" />
      <div id="result-body">
        <Outcome view={view} />
      </div>
      <OfflineNote view={view} />
    </section>
  );
}

/** Begins anew, as somebody who has said nothing yet. */
function NewConversation({ view }: { view: AppView }) {
  return (
    <form id="new-conversation" method="post" action={`${view.base}/session/end`}>
      <button type="submit" class="quiet small">
        {view.locale.texts.newConversation}
      </button>
    </form>
  );
}

/** An app's page: complete without scripts, and told in `data-page` what its script needs. */
export function AppPage({ view }: { view: AppView }) {
  const { locale, state } = view;
  const chat = chatInput(view.ui.blocks);
  // Where the visitor looks: above a form, and below a conversation.
  const notice = (
    <div id="notice">
      {state.kind === "refused" ? <Failure view={view} code={state.code} /> : null}
      {state.kind === "going" ? <Going view={view} /> : null}
    </div>
  );
  return (
    <Document locale={locale} title={view.name} description={view.description} script={`/assets/page.js?v=${view.release}`}>
      <main class={view.ui.layout.type === "columns" ? "wide" : undefined} data-page={JSON.stringify(configOf(view, chat))}>
        <header>
          <h1>{view.name}</h1>
          {view.description === "" ? null : <p class="lead">{view.description}</p>}
        </header>
        {view.needsScript ? (
          <noscript>
            <Failure view={view} code="captcha_required" />
          </noscript>
        ) : null}
        {chat === null ? notice : null}
        <form
          id="run"
          method="post"
          action={`${view.base}/runs#${chat === null ? "result" : "turns"}`}
          enctype={view.inputs.some(({ type }) => type === "file") ? "multipart/form-data" : undefined}
        >
          <Blocks view={view} />
        </form>
        {chat === null ? <ResultPanel view={view} /> : notice}
        {chat === null ? null : <NewConversation view={view} />}
        <p class="note" id="connection" aria-hidden="true" />
        <p class="visually-hidden" id="status" role="status" />
        <footer>
          {locale.texts.madeWith}
          {view.canSignOut ? (
            <form method="post" action={`${view.base}/auth/sign-out`}>
              <button type="submit" class="quiet small">
                {locale.texts.signOut}
              </button>
            </form>
          ) : null}
        </footer>
      </main>
    </Document>
  );
}
