import { z } from "zod";
import { conceptsOf, tellingWords } from "./words.ts";

const intentsSchema = z.array(
  z.object({ name: z.string(), description: z.string().default(""), examples: z.array(z.string()).default([]) }),
);

export interface IntentTask {
  readonly intents: z.infer<typeof intentsSchema>;
  readonly fallback: string;
}

export interface IntentAnswer {
  readonly intent: string;
  readonly confidence: number;
}

const SAME_WORD = 2;
const SAME_CONCEPT = 1;

/** Reads `INTENTS: [...]` and `FALLBACK: name` from the instructions; `null` when they hold no such task. */
export function readIntentTask(instructions: string): IntentTask | null {
  const intentsLine = /^INTENTS: (\[.*\])\s*$/m.exec(instructions)?.[1];
  const fallback = /^FALLBACK: (.+?)\s*$/m.exec(instructions)?.[1];
  if (intentsLine === undefined || fallback === undefined) return null;
  try {
    const intents = intentsSchema.safeParse(JSON.parse(intentsLine));
    return intents.success ? { intents: intents.data, fallback } : null;
  } catch {
    return null;
  }
}

/**
 * The intent whose name, description and examples share most with the text. A shared word counts more than a shared concept,
 * and what several intents share counts less. Nothing shared is the fallback, with confidence 0.
 */
export function classify(text: string, task: IntentTask): IntentAnswer {
  const scores = scoresOf(tellingWords(text), task.intents.map(vocabularyOf));
  const best = Math.max(0, ...scores);
  const winner = task.intents[scores.indexOf(best)];
  if (best === 0 || winner === undefined) return { intent: task.fallback, confidence: 0 };
  const total = scores.reduce((sum, score) => sum + score, 0);
  return { intent: winner.name, confidence: Math.round((best / (total + 0.25)) * 100) / 100 };
}

interface Vocabulary {
  readonly words: ReadonlySet<string>;
  readonly concepts: ReadonlySet<string>;
}

function vocabularyOf(intent: IntentTask["intents"][number]): Vocabulary {
  return vocabularyIn([intent.name.replaceAll(/[_-]/g, " "), intent.description, ...intent.examples]);
}

/** What texts speak of. */
export function vocabularyIn(texts: readonly string[]): Vocabulary {
  const words = tellingWords(texts.join(" . "));
  return { words, concepts: new Set([...words].flatMap((word) => [...conceptsOf(word)])) };
}

/** How much each vocabulary shares with some words; what several share counts less. */
export function scoresOf(words: ReadonlySet<string>, vocabularies: readonly Vocabulary[]): number[] {
  return vocabularies.map((vocabulary) => {
    let score = 0;
    for (const word of words) {
      const shared = similarity(word, vocabulary);
      const rivals = vocabularies.filter((other) => similarity(word, other) >= shared).length;
      if (shared > 0) score += shared / rivals;
    }
    return score;
  });
}

/** How near a word is to what a vocabulary speaks of; 0 where it is not. */
export function similarity(word: string, vocabulary: Vocabulary): number {
  if (vocabulary.words.has(word)) return SAME_WORD;
  return [...conceptsOf(word)].some((concept) => vocabulary.concepts.has(concept)) ? SAME_CONCEPT : 0;
}
