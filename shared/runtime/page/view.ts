import type { UiSchema } from "#app";
import type { InputDeclaration } from "#execution";
import type { Fault } from "#platform/errors";
import type { Conversation, Turn } from "#platform/objects/visitor-session";
import type { RunAnswer } from "../answer.ts";
import type { RenderMarkdown } from "./markdown.ts";
import type { Scope } from "./scope.ts";
import { faultText, type PageLocale } from "./texts.ts";

/** What happened before the page was asked for; anything but `fresh` follows a form sent without scripts. */
export type PageState =
  | { readonly kind: "fresh" }
  | { readonly kind: "answered"; readonly answer: RunAnswer; readonly inputs: Record<string, unknown> }
  /** The run has begun and has not ended yet. */
  | { readonly kind: "going" }
  /** `faults` by input name; `code` says what went wrong beyond single fields. */
  | { readonly kind: "refused"; readonly code: string; readonly faults: ReadonlyMap<string, Fault> };

/** Everything an app's page is made of. */
export interface AppView {
  readonly name: string;
  readonly description: string;
  /** Path of the app, without a slash at its end: empty at the root of a host. */
  readonly base: string;
  readonly ui: UiSchema;
  readonly inputs: readonly InputDeclaration[];
  /** What a visitor calls each step, by node id. */
  readonly steps: Readonly<Record<string, string>>;
  /** The nodes whose streamed text is the answer. */
  readonly answerNodes: readonly string[];
  readonly locale: PageLocale;
  readonly offlineModel: boolean;
  /** Whether the visitor came in by a sign-in or a password. */
  readonly canSignOut: boolean;
  /** Whether every visitor is asked for a captcha, which takes a script. */
  readonly needsScript: boolean;
  /** Version of the product, so that a deployment's page never meets another one's script. */
  readonly release: string;
  /** What has been said before, in an app with a chat. */
  readonly conversation: Conversation;
  readonly state: PageState;
  /** What the visitor has typed, by input name. */
  readonly values: Readonly<Record<string, string>>;
  readonly markdown: RenderMarkdown;
}

/** The turns of the conversation besides the one that the page's state is about. */
export function earlierTurnsOf({ conversation, state }: AppView): Turn[] {
  const shown = state.kind === "answered" ? state.answer.run_id : null;
  return conversation.turns.filter(({ run_id }) => run_id !== shown);
}

/** What is wrong with an input, in the page's language. */
export function faultOf({ state, locale }: AppView, inputKey: string): string | undefined {
  const fault = state.kind === "refused" ? state.faults.get(inputKey) : undefined;
  return fault === undefined ? undefined : faultText(locale.texts, fault);
}

/** What the page's placeholders can name in this state. */
export function scopeOf(view: AppView): Scope {
  const { state } = view;
  if (state.kind !== "answered") return { inputs: {}, outputs: {} };
  return { inputs: state.inputs, outputs: state.answer.outputs ?? {} };
}
