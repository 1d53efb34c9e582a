/** Begins every text of this model: nobody shall take it for the answer of a live one. */
const LABEL = "[offline model]";

const MAX_SENTENCE_LENGTH = 140;

const MAX_RESULT_LENGTH = 400;

/** Two short sentences from the input, labelled; and what images came with it. */
export function summarise(input: string, images: readonly string[] = []): string {
  const seen = images.map((image) => ` With an image: ${image}.`).join("");
  return `${LABEL} ${sentencesOf(input)}${seen}`;
}

/** What tools gave, labelled. */
export function summariseResults(results: readonly { readonly tool: string; readonly text: string }[]): string {
  const lines = results.map(({ tool, text }) => `${tool} gave ${cut(text.replaceAll(/\s+/g, " ").trim(), MAX_RESULT_LENGTH)}`);
  return `${LABEL} ${lines.join("; ")}.`;
}

function sentencesOf(input: string): string {
  const text = input.replaceAll(/\s+/g, " ").trim();
  if (text === "") return "There was no text to answer.";
  const sentences = (text.match(/[^.!?]+[.!?]*/g) ?? [text]).map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
  const [first = text, second] = sentences;
  const closing = second === undefined ? "That is all the text says." : shorten(second);
  return `${shorten(first)} ${closing}`;
}

function shorten(sentence: string): string {
  if (sentence.length <= MAX_SENTENCE_LENGTH) return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  return cut(sentence, MAX_SENTENCE_LENGTH);
}

/** The beginning of a text, to the end of a word where one is near. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const beginning = text.slice(0, length);
  return `${beginning.slice(0, Math.max(beginning.lastIndexOf(" "), length / 2)).trimEnd()}…`;
}
