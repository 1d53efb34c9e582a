import type { RunEvent } from "#execution";
import type { RunAnswer } from "./answer.ts";

/*
 * A run's events on their way to a watcher (WHATWG HTML, "Server-sent events"). The run never waits for its watcher:
 * what cannot be sent yet waits here, and text of one node that waits is joined, so that what waits is never more than
 * the run's own text.
 */

/** What a watcher is sent: the run's events, and its end as the caller is answered. */
export type StreamEvent =
  | RunEvent
  | (RunAnswer & { readonly type: "run.finished" })
  | { readonly type: "error"; readonly code: string; readonly message: string; readonly request_id: string };

/** Proxies drop a connection that is silent for long (ms). */
const KEEP_ALIVE_MS = 15_000;

const encoder = new TextEncoder();
const KEEP_ALIVE = encoder.encode(": keep-alive\n\n");

/** One event as it goes over the wire. JSON has no raw line ends, so the data is always one line. */
export function frameOf(id: number, event: StreamEvent): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export class EventFeed {
  /** The response's body. Cancelling it (the watcher has gone) leaves the run alone. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #waiting: StreamEvent[] = [];
  #lastId = 0;
  #ended = false;
  #abandoned = false;
  #wake: (() => void) | null = null;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#abandoned = true;
          this.#waiting.length = 0;
          this.#wake?.();
        },
      },
      { highWaterMark: 0 },
    );
  }

  push(event: StreamEvent): void {
    if (this.#abandoned) return;
    const last = this.#waiting.at(-1);
    if (event.type === "node.delta" && last?.type === "node.delta" && last.node_id === event.node_id) {
      this.#waiting[this.#waiting.length - 1] = { ...last, text: last.text + event.text };
    } else {
      this.#waiting.push(event);
    }
    this.#wake?.();
  }

  /** Closes the stream once everything has been sent. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#waiting.length === 0 && !this.#ended) await this.#news();
    if (this.#abandoned) return;
    const events = this.#waiting.splice(0);
    if (events.length > 0) controller.enqueue(encoder.encode(events.map((event) => this.#frame(event)).join("")));
    else if (this.#ended) controller.close();
    else controller.enqueue(KEEP_ALIVE);
  }

  #frame(event: StreamEvent): string {
    this.#lastId += 1;
    return frameOf(this.#lastId, event);
  }

  /** Resolves at the next event, at the end, or when it is time for a keep-alive. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(wake, KEEP_ALIVE_MS);
      this.#wake = wake;
    });
  }
}
