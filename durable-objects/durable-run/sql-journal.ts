import { z } from "zod";
import type { Activation, ActivationEnd, Journal, RunEvent } from "#execution";
import type { AnswerGiven, NodeEnds } from "#platform/objects/durable-run";
import { type NodeLog, nodeLogSchema, type Question, questionSchema } from "#platform/records";
import type { EventLog } from "./event-log.ts";
import type { Texts } from "./texts.ts";

const endSchema: z.ZodType<ActivationEnd> = z.object({
  log: nodeLogSchema,
  output: z.unknown(),
  port: z
    .string()
    .optional()
    .transform((port) => port),
});
const answerSchema: z.ZodType<AnswerGiven> = z.object({
  decision: z.enum(["approved", "rejected"]),
  fields: z.record(z.string(), z.unknown()),
  by: z.string(),
});

const OWN_NODE = /^\w+$/;

interface ActivationRow extends Record<string, SqlStorageValue> {
  path: string;
  seq: number;
  started_at: number;
  attempts: number;
  ended: number;
}

interface QuestionRow extends Record<string, SqlStorageValue> {
  question: string;
  answer: string | null;
}

/** What a run must not forget, in its object's SQLite. The object's gates let nothing out before it is written. */
export class SqlJournal implements Journal {
  readonly #sql: SqlStorage;
  readonly #texts: Texts;
  readonly #events: EventLog;
  #nextSeq: number | undefined;

  constructor(sql: SqlStorage, texts: Texts, events: EventLog) {
    this.#sql = sql;
    this.#texts = texts;
    this.#events = events;
  }

  activation(path: string): Activation | undefined {
    const [row] = this.#sql
      .exec<ActivationRow>("SELECT path, seq, started_at, attempts, ended FROM activations WHERE path = ?", path)
      .toArray();
    if (!row) return undefined;
    const { seq, started_at: startedAt, attempts, ended } = row;
    return { seq, startedAt, attempts, end: ended === 1 ? this.#endOf(path) : null };
  }

  #endOf(path: string): ActivationEnd {
    return endSchema.parse(JSON.parse(this.#texts.get(`end ${path}`) ?? "null"));
  }

  begin(path: string, _nodeType: string, startedAt: number): number {
    this.#nextSeq ??= this.#sql.exec<{ seq: number }>("SELECT count(*) AS seq FROM activations").one().seq;
    const seq = this.#nextSeq;
    this.#sql.exec("INSERT INTO activations (path, seq, started_at, attempts) VALUES (?, ?, ?, 1)", path, seq, startedAt);
    this.#nextSeq = seq + 1;
    return seq;
  }

  attempt(path: string, attempts: number): void {
    this.#sql.exec("UPDATE activations SET attempts = ? WHERE path = ?", attempts, path);
  }

  finish(path: string, end: ActivationEnd): void {
    this.#texts.set(`end ${path}`, JSON.stringify(end));
    this.#sql.exec("UPDATE activations SET ended = 1 WHERE path = ?", path);
  }

  recall(key: string): unknown {
    const text = this.#texts.get(`memory ${key}`);
    return text === undefined ? undefined : JSON.parse(text);
  }

  remember(key: string, value: unknown): void {
    this.#texts.set(`memory ${key}`, JSON.stringify(value ?? null));
  }

  ask(question: Question): void {
    this.#sql.exec("INSERT OR IGNORE INTO questions (path, question) VALUES (?, ?)", question.node_id, JSON.stringify(question));
  }

  answerTo(path: string): AnswerGiven | undefined {
    return this.question(path)?.answer;
  }

  /** A question and what was answered to it so far. */
  question(path: string): { readonly question: Question; readonly answer: AnswerGiven | undefined } | undefined {
    const [row] = this.#sql.exec<QuestionRow>("SELECT question, answer FROM questions WHERE path = ?", path).toArray();
    if (!row) return undefined;
    const answer = row.answer === null ? undefined : answerSchema.parse(JSON.parse(row.answer));
    return { question: questionSchema.parse(JSON.parse(row.question)), answer };
  }

  /** The questions that wait for an answer and have not expired, oldest first. */
  openQuestions(now: number): Question[] {
    return this.#sql
      .exec<QuestionRow>("SELECT question, answer FROM questions WHERE answer IS NULL")
      .toArray()
      .map(({ question }) => questionSchema.parse(JSON.parse(question)))
      .filter(({ expires_at }) => expires_at > now)
      .sort((left, right) => left.asked_at - right.asked_at);
  }

  answer(path: string, answer: AnswerGiven): void {
    this.#sql.exec("UPDATE questions SET answer = ? WHERE path = ? AND answer IS NULL", JSON.stringify(answer), path);
  }

  emit(event: RunEvent, log?: NodeLog): void {
    this.#events.append(event, log);
  }

  logs(): NodeLog[] {
    return this.#sql
      .exec<{ path: string }>("SELECT path FROM activations WHERE ended = 1 ORDER BY seq")
      .toArray()
      .map(({ path }) => this.#endOf(path).log);
  }

  /** How the nodes of the run's own graph have ended; those within other nodes have longer paths than an id. */
  ends(): NodeEnds {
    const rows = this.#sql.exec<{ path: string }>("SELECT path FROM activations WHERE ended = 1 ORDER BY seq").toArray();
    const own = rows.filter(({ path }) => OWN_NODE.test(path));
    return Object.fromEntries(
      own.map(({ path }) => {
        const { log, output } = this.#endOf(path);
        return [path, { status: log.status, output, error: log.error }];
      }),
    );
  }

  /** How many nodes have ended: what a life of the run must add to. */
  ended(): number {
    return this.#sql.exec<{ ended: number }>("SELECT count(*) AS ended FROM activations WHERE ended = 1").one().ended;
  }
}
