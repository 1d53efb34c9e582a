/** About what a tokenizer would say for English, and the same on every machine: one token for four bytes. */
const BYTES_PER_TOKEN = 4;
/** What the framing of one message costs. */
const TOKENS_PER_MESSAGE = 4;

export function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

export function countPrompt(messages: readonly string[]): number {
  return messages.reduce((sum, message) => sum + TOKENS_PER_MESSAGE + countTokens(message), 0);
}

/** The beginning of a text that fits, cut between characters. */
export function cutToTokens(text: string, maxTokens: number): string {
  if (countTokens(text) <= maxTokens) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxTokens * BYTES_PER_TOKEN) break;
    end += character.length;
  }
  return text.slice(0, end);
}
