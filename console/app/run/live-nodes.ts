/** A node that has begun and, as far as the page knows, has not been put on record. */
export interface LiveNode {
  readonly id: string;
  readonly type: string;
  /** What it has streamed. */
  readonly text: string;
  /** When it goes on by itself at the latest, while it waits. */
  readonly until: string | null;
}

/** What the page makes of a run's events. */
export type RunEvent =
  | { readonly type: "node.started"; readonly id: string; readonly nodeType: string }
  | { readonly type: "node.delta"; readonly id: string; readonly text: string }
  | { readonly type: "node.waiting"; readonly id: string; readonly until: string }
  | { readonly type: "node.retried"; readonly id: string }
  | { readonly type: "node.finished"; readonly id: string };

/** Event types that say that the record has changed. */
export const TELLING = ["node.waiting", "node.finished", "run.finished"] as const;

export const FOLLOWED_EVENTS = ["node.started", "node.delta", "node.waiting", "node.retried", "node.finished"] as const;

function fieldsOf(data: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(data);
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
}

/** Reads one event of the stream; `undefined` for what the page has no use for. */
export function readRunEvent(type: (typeof FOLLOWED_EVENTS)[number], data: string): RunEvent | undefined {
  const { node_id: id, node_type: nodeType, text, until } = fieldsOf(data);
  if (typeof id !== "string") return undefined;
  switch (type) {
    case "node.started":
      return typeof nodeType === "string" ? { type, id, nodeType } : undefined;
    case "node.delta":
      return typeof text === "string" ? { type, id, text } : undefined;
    case "node.waiting":
      return typeof until === "string" ? { type, id, until } : undefined;
    case "node.retried":
    case "node.finished":
      return { type, id };
  }
}

/**
 * The nodes under way after an event. A node that has finished stays until its log has been read, so that it does not vanish
 * from the page meanwhile: {@link underWay} leaves it out then.
 */
export function followEvent(nodes: readonly LiveNode[], event: RunEvent): readonly LiveNode[] {
  const change = (to: (node: LiveNode) => LiveNode) => nodes.map((node) => (node.id === event.id ? to(node) : node));
  switch (event.type) {
    case "node.started": {
      const others = nodes.filter(({ id }) => id !== event.id);
      return [...others, { id: event.id, type: event.nodeType, text: "", until: null }];
    }
    case "node.delta":
      return change((node) => ({ ...node, text: node.text + event.text, until: null }));
    case "node.waiting":
      return change((node) => ({ ...node, until: event.until }));
    case "node.retried":
      return change((node) => ({ ...node, text: "", until: null }));
    case "node.finished":
      return change((node) => ({ ...node, until: null }));
  }
}

/** Those that have no log yet. */
export function underWay(nodes: readonly LiveNode[], logs: readonly { readonly node_id: string }[]): LiveNode[] {
  const logged = new Set(logs.map(({ node_id }) => node_id));
  return nodes.filter(({ id }) => !logged.has(id));
}
