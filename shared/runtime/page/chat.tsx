import type { UiBlock } from "#app";
import { controlId, faultId } from "./fields.tsx";
import { Failure, OfflineNote, ResultOf } from "./outcome.tsx";
import { type AppView, earlierTurnsOf, faultOf, scopeOf } from "./view.ts";

type ChatBlock = Extract<UiBlock, { type: "chat" }>;

function Turn({ view, inputKey }: { view: AppView; inputKey: string }) {
  const { state, locale } = view;
  if (state.kind !== "answered") return null;
  const { answer } = state;
  return (
    <>
      <li class="turn visitor">
        <span class="visually-hidden">{locale.texts.you}</span>
        <p class="text">{String(scopeOf(view).inputs[inputKey] ?? "")}</p>
      </li>
      <li class="turn app">
        <span class="visually-hidden">{locale.texts.answer}</span>
        {answer.status === "completed" ? <ResultOf view={view} /> : <Failure view={view} code={answer.error?.code ?? "internal"} />}
      </li>
    </>
  );
}

/** An answer as the session remembers it: its text alone. */
function Remembered({ view, answer }: { view: AppView; answer: string }) {
  switch (view.ui.result_view?.type) {
    case "markdown":
      // biome-ignore lint/security/noDangerouslySetInnerHtml: markdown-it escapes all markup of its source
      return <div class="markdown" dangerouslySetInnerHTML={{ __html: view.markdown(answer) }} />;
    case "json":
    case "table":
    case "chart":
      return <pre class="json">{answer}</pre>;
    default:
      return <p class="text">{answer}</p>;
  }
}

/** What was said before this page was asked for. */
function Earlier({ view }: { view: AppView }) {
  const { texts } = view.locale;
  return (
    <>
      {view.conversation.summary === null ? null : <li class="note">{texts.earlierTurns}</li>}
      {earlierTurnsOf(view).flatMap(({ run_id, said, answer }) => [
        <li key={`${run_id}-said`} class="turn visitor">
          <span class="visually-hidden">{texts.you}</span>
          <p class="text">{said}</p>
        </li>,
        <li key={run_id} class="turn app" data-run={run_id}>
          <span class="visually-hidden">{texts.answer}</span>
          <Remembered view={view} answer={answer} />
        </li>,
      ])}
    </>
  );
}

/** A conversation: what the session remembers of it, and the turn that this page answers. */
export function Chat({ block, view }: { block: ChatBlock; view: AppView }) {
  const { texts } = view.locale;
  const { state, values } = view;
  const key = block.input_key;
  const label = block.label ?? texts.message;
  const fault = faultOf(view, key);
  return (
    <section class="panel chat">
      {block.label === undefined ? null : <h2>{block.label}</h2>}
      <ol class="turns" id="turns" role="log" aria-label={label} aria-live="polite">
        {block.props?.greeting === undefined ? null : (
          <li class="turn app">
            <p class="text">{block.props.greeting}</p>
          </li>
        )}
        <Earlier view={view} />
        <Turn view={view} inputKey={key} />
      </ol>
      <div class="composer">
        <label class="visually-hidden" for={controlId(key)}>
          {label}
        </label>
        <textarea
          id={controlId(key)}
          name={key}
          rows={2}
          required
          maxlength={view.inputs.find(({ name }) => name === key)?.max_length}
          placeholder={block.props?.placeholder ?? texts.chatPlaceholder}
          aria-invalid={fault === undefined ? undefined : "true"}
          aria-describedby={faultId(key)}
        >
          {state.kind === "answered" ? "" : (values[key] ?? "")}
        </textarea>
        <button type="submit">{texts.send}</button>
      </div>
      <p class="fault" id={faultId(key)}>
        {fault ?? ""}
      </p>
      <OfflineNote view={view} />
    </section>
  );
}
