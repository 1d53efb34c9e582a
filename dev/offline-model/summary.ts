/** Begins every text of this model: nobody shall take it for the answer of a live one. */
const LABEL = "[offline model]";

const MAX_SENTENCE_LENGTH = 140;

/** Two short sentences from the input, labelled. */
export function summarise(input: string): string {
  const text = input.replaceAll(/\s+/g, " ").trim();
  if (text === "") return `${LABEL} There was no text to answer.`;
  const sentences = (text.match(/[^.!?]+[.!?]*/g) ?? [text]).map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
  const [first = text, second] = sentences;
  const closing = second === undefined ? "That is all the text says." : shorten(second);
  return `${LABEL} ${shorten(first)} ${closing}`;
}

function shorten(sentence: string): string {
  if (sentence.length <= MAX_SENTENCE_LENGTH) return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
  const cut = sentence.slice(0, MAX_SENTENCE_LENGTH);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), MAX_SENTENCE_LENGTH / 2)).trimEnd()}…`;
}
