/** The form of an answer that a request asks for. */
export type AnswerForm = "events" | "html" | "json";

/** Events go first: a script that can read a stream says so; browsers by themselves ask for HTML. */
export function answerForm(request: Request): AnswerForm {
  const accept = request.headers.get("Accept") ?? "";
  if (accept.includes("text/event-stream")) return "events";
  return accept.includes("text/html") ? "html" : "json";
}
