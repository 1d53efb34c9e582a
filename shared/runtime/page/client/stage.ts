import type { Texts } from "../texts.ts";
import type { Drawing } from "./drawing.tsx";
import { element } from "./elements.ts";
import type { WatchedEvent } from "./stream.ts";

/** Where one run shows itself while it goes on: its steps, and the answer as it is written. */
export interface Stage {
  readonly steps: HTMLElement;
  readonly body: HTMLElement;
}

interface Showing {
  /** What steps are called, by node id. */
  readonly names: Readonly<Record<string, string>>;
  /** The nodes whose text is the answer. */
  readonly answerNodes: readonly string[];
  /** How the answer's text is drawn while it grows: `null` where unfinished text would only be noise. */
  readonly writing: "text" | "markdown" | null;
  readonly drawing: Promise<Drawing>;
  readonly texts: Texts;
}

/** What a node waits for, in the page's words. */
export function waitingText({ until, asks }: Extract<WatchedEvent, { type: "node.waiting" }>, texts: Texts): string {
  if (asks !== undefined) return texts.waitingForAnswer;
  if (until === null) return texts.waiting;
  const time = new Date(until);
  const today = time.toDateString() === new Date().toDateString();
  const shown = today
    ? time.toLocaleTimeString([], { timeStyle: "short" })
    : time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return texts.waitingUntil.replace("{time}", shown);
}

/** Shows a run's events as they come. */
export class Progress {
  readonly #stage: Stage;
  readonly #showing: Showing;
  readonly #steps = new Map<string, HTMLElement>();
  readonly #texts = new Map<string, string>();
  readonly #answer = element("div", "streaming");
  #drawing: Drawing | null = null;
  #frame = 0;

  constructor(stage: Stage, showing: Showing) {
    this.#stage = stage;
    this.#showing = showing;
    stage.steps.replaceChildren();
    stage.body.replaceChildren();
    // A failure to load is told when the result is drawn; until then the text is shown as it is.
    showing.drawing.then(
      (drawing) => {
        this.#drawing = drawing;
      },
      () => undefined,
    );
  }

  show(event: WatchedEvent): void {
    switch (event.type) {
      case "node.started":
        this.#begin(event.node_id);
        return;
      case "node.delta":
        this.#write(event.node_id, (this.#texts.get(event.node_id) ?? "") + event.text);
        return;
      case "node.retried":
        this.#write(event.node_id, "");
        return;
      case "node.waiting":
        this.#wait(event.node_id, waitingText(event, this.#showing.texts));
        return;
      case "node.finished":
        this.#end(event.node_id, event.status);
        return;
      default:
        return;
    }
  }

  /** Leaves the stage to the result. */
  end(): void {
    cancelAnimationFrame(this.#frame);
    this.#stage.steps.replaceChildren();
    this.#stage.body.replaceChildren();
  }

  #begin(nodeId: string): void {
    const name = this.#showing.names[nodeId];
    if (name === undefined || this.#steps.has(nodeId)) return;
    const step = element("li", "running", name);
    this.#steps.set(nodeId, step);
    this.#stage.steps.append(step);
  }

  #wait(nodeId: string, text: string): void {
    const step = this.#steps.get(nodeId);
    if (step === undefined) return;
    step.className = "waiting";
    step.replaceChildren(this.#showing.names[nodeId] ?? "", element("small", "", text));
  }

  #end(nodeId: string, status: string): void {
    const step = this.#steps.get(nodeId);
    if (step === undefined) return;
    step.className = status;
    step.querySelector("small")?.remove();
  }

  #write(nodeId: string, text: string): void {
    if (this.#showing.writing === null || !this.#showing.answerNodes.includes(nodeId)) return;
    this.#texts.set(nodeId, text);
    // However fast the text comes, it is drawn once a frame.
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const text = [...this.#texts.values()].filter((part) => part !== "").join("\n\n");
    if (this.#showing.writing === "markdown" && this.#drawing !== null) {
      this.#answer.className = "markdown";
      this.#answer.innerHTML = this.#drawing.markdown(text);
    } else {
      this.#answer.textContent = text;
    }
    if (this.#answer.parentNode === null) this.#stage.body.append(this.#answer);
  }
}
