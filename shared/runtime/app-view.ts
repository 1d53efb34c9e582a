import type { AppRoute } from "#app";
import type { Workflow } from "#execution";
import { type Conversation, NO_CONVERSATION } from "#platform/objects/visitor-session";
import { answerNodes } from "./page/answer-nodes.ts";
import { loadMarkdown, type RenderMarkdown } from "./page/markdown.ts";
import { localeOf, type Texts } from "./page/texts.ts";
import type { AppView, PageState } from "./page/view.ts";
import { needsPassword, needsSignIn } from "./policy.ts";
import type { ServedVersion } from "./versions.ts";

/** What of a request and of the deployment shapes a page. */
export interface PageSetting {
  /** Path of the app; empty at the root of a host. */
  readonly base: string;
  readonly acceptLanguage: string | null;
  readonly offlineModel: boolean;
  readonly release: string;
  /** What has been said before, in an app with a chat. */
  readonly conversation?: Conversation | null;
}

/** What a visitor calls each step. The ends of a workflow are no steps. */
function stepNames(workflow: Workflow, texts: Texts): Record<string, string> {
  const steps = workflow.nodes.filter(({ type }) => type !== "start" && type !== "end");
  return Object.fromEntries(steps.map(({ id, type, title }) => [id, title ?? texts.steps[type] ?? texts.step]));
}

/** Whether anything on the page is written in markdown; where nothing is, its renderer is not loaded. */
function showsMarkdown({ ui_schema }: ServedVersion["content"]): boolean {
  return JSON.stringify(ui_schema).includes('"markdown"');
}

/** The node types whose text comes from a model; a subflow may hold any of them. */
const MODEL_NODES: ReadonlySet<string> = new Set(["llm", "intent", "generate", "agent", "subflow"]);

function asksModel(workflow: Workflow): boolean {
  return workflow.nodes.some(({ type }) => MODEL_NODES.has(type));
}

const plain: RenderMarkdown = () => "";

/** Everything that a page of this version shows. */
export async function appView(
  route: AppRoute,
  version: ServedVersion,
  setting: PageSetting,
  state: PageState,
  values: Readonly<Record<string, string>> = {},
): Promise<AppView> {
  const { content } = version;
  const { base, offlineModel, release, acceptLanguage, conversation } = setting;
  const locale = localeOf(content.config.locale, acceptLanguage);
  return {
    name: route.name,
    description: route.description,
    base,
    ui: content.ui_schema,
    inputs: version.inputs,
    steps: stepNames(content.workflow, locale.texts),
    answerNodes: answerNodes(content.workflow, content.ui_schema.result_view),
    locale,
    offlineModel: offlineModel && asksModel(content.workflow),
    canSignOut: needsSignIn(route) || needsPassword(route),
    needsScript: route.accessPolicy.require_captcha,
    release,
    conversation: conversation ?? NO_CONVERSATION,
    state,
    values,
    markdown: showsMarkdown(content) ? await loadMarkdown() : plain,
  };
}
