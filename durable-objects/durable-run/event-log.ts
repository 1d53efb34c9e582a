import { type RunEvent, viewOfNodeLog } from "#execution";
import { type NodeLog, nodeLogSchema } from "#platform/records";

/** Milliseconds in which the pieces of a node's text are gathered into one event. */
const GATHER_MS = 50;
/** Rows read at once. */
const PAGE = 100;

/** Who looks: members see what nodes took and gave, visitors only which nodes there are, and the text for them. */
export type View = "member" | "visitor";

/** An event as it is kept; ids are 1, 2, 3, … */
export interface LoggedEvent {
  readonly id: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface EventRow extends Record<string, SqlStorageValue> {
  id: number;
  type: string;
  data: string;
  log: string | null;
}

/** The run's events in the order they happened. Whoever watches reads them from here, at their own pace. */
export class EventLog {
  readonly #sql: SqlStorage;
  readonly #listeners = new Set<() => void>();
  #lastId: number | undefined;
  #text: { readonly nodeId: string; text: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get lastId(): number {
    this.#lastId ??= this.#sql.exec<{ id: number }>("SELECT coalesce(max(id), 0) AS id FROM events").one().id;
    return this.#lastId;
  }

  /** Adds an event. Text waits a moment for more of its kind; everything else comes after the text before it. */
  append(event: RunEvent, log?: NodeLog): void {
    if (event.type === "node.delta") this.#gather(event.node_id, event.text);
    else {
      this.flush();
      this.#add(event.type, event, log);
    }
  }

  /** Adds the last event there will be. */
  end(answer: Readonly<Record<string, unknown>>): void {
    this.flush();
    this.#add("run.finished", { type: "run.finished", ...answer });
  }

  /** Writes the text that waits. */
  flush(): void {
    clearTimeout(this.#timer);
    const waiting = this.#text;
    this.#text = undefined;
    if (waiting) this.#add("node.delta", { type: "node.delta", node_id: waiting.nodeId, text: waiting.text });
  }

  #gather(nodeId: string, text: string): void {
    if (this.#text?.nodeId === nodeId) {
      this.#text.text += text;
      return;
    }
    this.flush();
    this.#text = { nodeId, text };
    this.#timer = setTimeout(() => this.flush(), GATHER_MS);
  }

  #add(type: string, data: object, log?: NodeLog): void {
    const id = this.lastId + 1;
    const detail = log === undefined ? null : JSON.stringify(log);
    this.#sql.exec("INSERT INTO events (id, type, data, log) VALUES (?, ?, ?, ?)", id, type, JSON.stringify(data), detail);
    this.#lastId = id;
    for (const listener of this.#listeners) listener();
  }

  /** The events after one, as this view shows them; a page of them at most. */
  after(id: number, view: View): LoggedEvent[] {
    const rows = this.#sql.exec<EventRow>("SELECT id, type, data, log FROM events WHERE id > ? ORDER BY id LIMIT ?", id, PAGE).toArray();
    return rows.map((row) => {
      const data: Record<string, unknown> = JSON.parse(row.data);
      const detailed =
        view === "member" && row.log !== null ? { ...data, log: viewOfNodeLog(nodeLogSchema.parse(JSON.parse(row.log))) } : data;
      return { id: row.id, type: row.type, data: detailed };
    });
  }

  /** Calls back at each event, until the function that it returns is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
