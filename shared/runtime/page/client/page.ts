import type { PageConfig } from "../page-config.ts";
import { fillIn, type Scope, textOf } from "../scope.ts";
import { errorText, type Texts, textsOf } from "../texts.ts";
import { type CaptchaOffer, solveCaptcha } from "./captcha.ts";
import type { Drawing } from "./drawing.tsx";
import { element, part } from "./elements.ts";
import { clearFaults, sendByKeyboard, showFaults } from "./fields.ts";
import { forgetRun, keepRun, keptRun } from "./kept-run.ts";
import { notice } from "./notices.ts";
import { type Refusal, resumeSession } from "./requests.ts";
import { Progress, type Stage, waitingText } from "./stage.ts";
import { type Begin, type Finished, follow, type Start, startRun } from "./stream.ts";
import { type Submission, submissionOf, uploadFiles } from "./submission.ts";

/*
 * Makes the page livelier than a form: answers stream in, steps show, faults stand at their fields. Without it the page
 * works all the same. The server wrote `data-page`, so it is read as it is.
 */

interface Page {
  readonly config: PageConfig;
  readonly texts: Texts;
  readonly form: HTMLFormElement;
}

function needsMarkdown({ result, live }: PageConfig): boolean {
  return [result, ...Object.values(live)].some((spec) => spec?.type === "markdown");
}

/** Only text can be read while it grows; tables and charts are shown when they are whole. */
function writingOf({ result }: PageConfig): "text" | "markdown" | null {
  if (result === null || result.type === "text") return "text";
  return result.type === "markdown" ? "markdown" : null;
}

async function loadDrawing({ config, texts }: Page): Promise<Drawing> {
  const { createDrawing } = await import("./drawing.tsx");
  return createDrawing(texts, needsMarkdown(config));
}

function announce(text: string): void {
  part("status").textContent = text;
}

/** The place where a conversation goes on, or `null` on a page without one. */
function composer({ config, form }: Page): HTMLTextAreaElement | null {
  const input = config.chatInput === null ? null : form.elements.namedItem(config.chatInput);
  return input instanceof HTMLTextAreaElement ? input : null;
}

function scrollTo(place: HTMLElement, block: ScrollLogicalPosition): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block, behavior: still ? "instant" : "smooth" });
}

function setBusy(page: Page, busy: boolean): void {
  const { form } = page;
  form.toggleAttribute("data-busy", busy);
  for (const button of form.querySelectorAll<HTMLButtonElement>("button[type=submit]")) {
    button.disabled = busy;
    button.setAttribute("aria-busy", String(busy));
  }
  // The button that was pressed could not keep the focus.
  if (!busy && document.activeElement === document.body) composer(page)?.focus({ preventScroll: true });
}

/** A new turn of the conversation, or the page's one place for results. */
function openStage(page: Page, fields: URLSearchParams): Stage {
  const { config, texts, form } = page;
  if (config.chatInput === null) {
    part("result").hidden = false;
    return { steps: part("steps"), body: part("result-body") };
  }
  const said = element("li", "turn visitor");
  said.append(element("span", "visually-hidden", texts.you), element("p", "text", fields.get(config.chatInput) ?? ""));
  const answer = element("li", "turn app");
  const stage = { steps: element("ol", "steps"), body: element("div") };
  answer.append(element("span", "visually-hidden", texts.answer), stage.steps, stage.body);
  part("turns").append(said, answer);
  const input = composer(page);
  if (input !== null) input.value = "";
  scrollTo(form, "end");
  return stage;
}

/** Takes back what {@link openStage} showed for a run that was never begun. */
function closeStage(page: Page, stage: Stage, fields: URLSearchParams): void {
  const { config } = page;
  if (config.chatInput === null) {
    part("result").hidden = true;
    return;
  }
  const answer = stage.body.parentElement;
  answer?.previousElementSibling?.remove();
  answer?.remove();
  const input = composer(page);
  if (input !== null) input.value = fields.get(config.chatInput) ?? "";
}

/** Copies the answer as it was written, such as the markdown that is shown formatted. */
function copyButton(texts: Texts, text: string): HTMLElement {
  const button = element("button", "quiet small", texts.copy);
  button.type = "button";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = texts.copied;
    setTimeout(() => {
      button.textContent = texts.copy;
    }, 2_000);
  });
  const tools = element("div", "tools");
  tools.append(button);
  return tools;
}

function showResult(page: Page, stage: Stage, drawing: Drawing, scope: Scope): void {
  const { config, texts } = page;
  drawing.result(stage.body, config.result, scope);
  for (const [id, spec] of Object.entries(config.live)) drawing.content(part(`live-${id}`), spec, scope);
  if (config.chatInput !== null) {
    scrollTo(page.form, "end");
    return;
  }
  // The clipboard is there on secure pages only.
  if (config.result !== null && writingOf(config) !== null && "clipboard" in navigator) {
    stage.body.append(copyButton(texts, textOf(fillIn(config.result.props.content, scope))));
  }
  part("result-title").focus({ preventScroll: true });
  scrollTo(part("result"), "nearest");
}

function fail(page: Page, stage: Stage, again: Submission | null, code: string): void {
  const { texts } = page;
  const retry = again === null ? {} : { retry: () => void send(page, again) };
  stage.steps.replaceChildren();
  stage.body.replaceChildren(notice(texts, code, retry));
  announce(texts.failed);
}

/** Refusals that only another input can change. */
const ABOUT_INPUT: ReadonlySet<string> = new Set(["validation_failed", "unsupported_media_type", "payload_too_large"]);

function refuse(page: Page, { code, errors, retryAfter }: Refusal, submission: Submission): void {
  const { texts, form } = page;
  const aboutInput = ABOUT_INPUT.has(code);
  const retry = aboutInput ? {} : { retry: () => void send(page, submission), wait: retryAfter };
  part("notice").replaceChildren(notice(texts, code, retry));
  announce(aboutInput ? texts.checkFields : texts.failed);
  if (!aboutInput) scrollTo(part("notice"), "nearest");
  showFaults(form, errors, texts);
}

/** Shows a run's events up to its end, which it gives; `null` when that could not be learnt. */
async function watch(page: Page, progress: Progress, begin: Begin, fields: URLSearchParams): Promise<Finished | null> {
  const { config, texts } = page;
  let lost = false;
  for await (const event of follow(config.runs, begin)) {
    if (event.type === "run.finished") return event;
    if (event.type === "run.started") keepRun(config.runs, event.run_id, fields);
    if (event.type === "node.waiting") announce(waitingText(event, texts));
    if (event.type === "reconnecting") announce(texts.reconnecting);
    else if (lost) announce(texts.running);
    lost = event.type === "reconnecting";
    part("connection").textContent = lost ? texts.reconnecting : "";
    progress.show(event);
  }
  return null;
}

/** A run that has begun, to its result or to what went wrong. */
async function finish(page: Page, stage: Stage, begin: Begin, fields: URLSearchParams, again: Submission | null): Promise<void> {
  const { config, texts } = page;
  const drawing = loadDrawing(page);
  const progress = new Progress(stage, {
    names: config.steps,
    answerNodes: config.answerNodes,
    writing: writingOf(config),
    drawing,
    texts,
  });
  const end = await watch(page, progress, begin, fields);
  part("connection").textContent = "";
  forgetRun(config.runs);
  progress.end();
  if (end?.status !== "completed") {
    fail(page, stage, again, end === null ? "disconnected" : (end.error?.code ?? "internal"));
    return;
  }
  showResult(page, stage, await drawing, { inputs: Object.fromEntries(fields), outputs: end.outputs ?? {} });
  announce(texts.done);
}

/** The field by which a form brings a captcha's token. */
const TOKEN_FIELD = "cf-turnstile-response";

/** Has the visitor pass a captcha, in the place where refusals are told. */
async function askForCaptcha({ texts, config }: Page, offer: CaptchaOffer): Promise<string | null> {
  const { title } = errorText(texts, "captcha_required");
  const place = element("div", "captcha");
  const box = element("div", "notice");
  box.append(element("strong", "", title), place);
  part("notice").replaceChildren(box);
  announce(title);
  scrollTo(part("notice"), "nearest");
  const token = await solveCaptcha(place, offer, config.language);
  part("notice").replaceChildren();
  announce(texts.running);
  return token;
}

async function begin({ config, texts }: Page, submission: Submission, captchaToken: string | null): Promise<Start> {
  if (submission.files.length > 0) announce(texts.uploading);
  const uploaded = await uploadFiles(config.files, submission, captchaToken);
  if (!uploaded.ok) return uploaded;
  if (captchaToken !== null) uploaded.fields.set(TOKEN_FIELD, captchaToken);
  return startRun(config.runs, uploaded.fields);
}

/** Begins a run; where a captcha is asked for, once more when it is passed. */
async function beginAsHuman(page: Page, submission: Submission): Promise<Start> {
  const start = await begin(page, submission, null);
  if (start.ok || start.refusal.captcha === undefined) return start;
  const token = await askForCaptcha(page, start.refusal.captcha);
  return token === null ? start : begin(page, submission, token);
}

async function perform(page: Page, stage: Stage, submission: Submission): Promise<void> {
  const start = await beginAsHuman(page, submission);
  if (!start.ok) {
    closeStage(page, stage, submission.fields);
    refuse(page, start.refusal, submission);
    return;
  }
  await finish(page, stage, start, submission.fields, submission);
}

/** Does a run's work with the page busy meanwhile. */
async function occupied(
  page: Page,
  fields: URLSearchParams,
  again: Submission | null,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { form, texts } = page;
  if (form.hasAttribute("data-busy")) return;
  setBusy(page, true);
  clearFaults(form);
  part("notice").replaceChildren();
  announce(texts.running);
  const stage = openStage(page, fields);
  try {
    await work(stage);
  } catch (error) {
    console.error("the run could not be shown", error);
    fail(page, stage, again, "disconnected");
  } finally {
    setBusy(page, false);
  }
}

function send(page: Page, submission: Submission): Promise<void> {
  return occupied(page, submission.fields, submission, (stage) => perform(page, stage, submission));
}

/** Takes up the run that this tab was showing when the page was left or loaded anew. */
function resume(page: Page): void {
  const kept = keptRun(page.config.runs);
  if (kept === null) return;
  const { runId, session } = kept;
  // It ended meanwhile, and is among what was said before.
  if (document.querySelector(`[data-run="${CSS.escape(runId)}"]`) !== null) {
    forgetRun(page.config.runs);
    return;
  }
  const fields = new URLSearchParams(kept.fields);
  resumeSession(session);
  void occupied(page, fields, null, (stage) => finish(page, stage, { runId }, fields, null));
}

function start(): void {
  const main = document.querySelector<HTMLElement>("main[data-page]");
  const form = document.querySelector<HTMLFormElement>("form#run");
  if (main === null || form === null) return;
  const config: PageConfig = JSON.parse(main.dataset["page"] ?? "");
  const page: Page = { config, texts: textsOf(config.language), form };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(page, submissionOf(form));
  });
  sendByKeyboard(form, config.chatInput);
  document.getElementById("new-conversation")?.addEventListener("submit", () => forgetRun(config.runs));
  resume(page);
}

start();
