const encoder = new TextEncoder();

const FRAME_END = "\n\n";
const LAST_EVENT = "event: run.finished";
const DATA = "data: ";

/** The frame with the session in its data, when it is the run's last one. */
function withSession(frame: string, token: string): string {
  const lines = frame.split("\n");
  if (!lines.includes(LAST_EVENT)) return frame;
  return lines
    .map((line) => (line.startsWith(DATA) ? DATA + JSON.stringify({ ...JSON.parse(line.slice(DATA.length)), session_id: token }) : line))
    .join("\n");
}

/** Server-sent events on their way to a visitor: `run.finished` also tells the session, as any answer does. */
export function sessionInEvents(token: string): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let waiting = "";
  return new TransformStream({
    transform(chunk, controller) {
      waiting += decoder.decode(chunk, { stream: true });
      const end = waiting.lastIndexOf(FRAME_END);
      if (end < 0) return;
      const frames = waiting.slice(0, end).split(FRAME_END);
      waiting = waiting.slice(end + FRAME_END.length);
      controller.enqueue(encoder.encode(frames.map((frame) => withSession(frame, token) + FRAME_END).join("")));
    },
    flush(controller) {
      if (waiting !== "") controller.enqueue(encoder.encode(waiting));
    },
  });
}
