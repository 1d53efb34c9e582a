import { DurableObject } from "cloudflare:workers";
import { requestEvent, tokenEvents } from "#billing";
import { type LifeEnd, type LiveRun, type RunResult, resumeRun } from "#execution";
import { type Context, createContext } from "#platform/context";
import type { Env } from "#platform/env";
import type { AnswerGiven, AnswerOutcome, Asked, DurableRunApi, LiveRun as LiveRunView, StartAnswer } from "#platform/objects/durable-run";
import { type ExecutionRecord, parseRunRecord, type RunRecord } from "#platform/records";
import { migrateStorage } from "#platform/storage-migrations";
import { answerOf, type DurableOrder, deleteRunFolder, durableOrderSchema, endRecord, outboxName, placeOfRun } from "#runtime";
import { cutShort, givingUp } from "./cut-short.ts";
import { EventLog } from "./event-log.ts";
import { migrations } from "./migrations.ts";
import { requestOf } from "./request.ts";
import { RunRow } from "./run-row.ts";
import { SqlJournal } from "./sql-journal.ts";
import { Texts } from "./texts.ts";
import { ASK_AGAIN, ChatTurn, refusalOf, type TurnOutcome } from "./turn.ts";
import { hear, newSocket, sendNews, startPoint, streamAnswer, type WatchHost } from "./watch.ts";

/** A run whose nodes all wait for longer than this (ms) leaves memory. */
const SUSPEND_AFTER = 10_000;
/** How long (ms) a run may be without anybody looking after it: after a crash it is taken up again within this time. */
const WATCHDOG = 10_000;
/** A run that lasts longer than this (ms) is shown as running. */
const TELL_AFTER = 2_000;
/** Milliseconds for which a run's object is kept after its end. */
const RETENTION = 24 * 3_600_000;
/** Milliseconds before an outbox that did not answer is asked again. */
const RECORD_AGAIN = 5_000;
/** Milliseconds before files that could not be deleted are tried again. */
const EMPTY_AGAIN = 3_600_000;

/**
 * One run that must survive its process. Its order, its journal and its events are in the object's SQLite; a life is what one
 * process makes of them. The alarm is the watchdog, the clock of what waits, and in the end the broom.
 */
export class DurableRun extends DurableObject<Env> implements DurableRunApi {
  readonly #texts: Texts;
  readonly #row: RunRow;
  readonly #events: EventLog;
  readonly #journal: SqlJournal;
  readonly #turn: ChatTurn;
  readonly #watchHost: WatchHost;
  /** The life that goes on in this process. */
  #live: { readonly run: LiveRun; readonly over: Promise<void> } | undefined;
  #settledListeners: (() => void)[] = [];
  #newsPending = false;
  #settling: Promise<void> | undefined;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { sql } = state.storage;
    this.#texts = new Texts(sql);
    this.#turn = new ChatTurn(env, this.#texts);
    this.#row = new RunRow(sql);
    this.#events = new EventLog(sql);
    this.#journal = new SqlJournal(sql, this.#texts, this.#events);
    this.#watchHost = { events: this.#events, ended: () => this.#row.status === "ended", sync: () => state.storage.sync() };
    migrateStorage(state.storage, migrations);
    this.#events.listen(() => this.#tellSockets());
  }

  async start(text: string): Promise<StartAnswer> {
    const order = durableOrderSchema.parse(JSON.parse(text));
    const { execution, key } = order;
    if (this.#row.exists) return this.#startedBefore(key);
    const status = execution.status === "queued" ? "queued" : "running";
    this.#texts.set("order", text);
    this.#row.create({
      runId: execution.id,
      keyHash: key?.hash ?? null,
      bodyHash: key?.body_hash ?? null,
      status,
      startedAt: execution.started_at,
    });
    await this.ctx.storage.setAlarm(this.#now() + TELL_AFTER);
    if (status === "running") this.#drive();
    if (order.turn && (await this.#takeTurn(order)) === "full") {
      await this.#forget();
      await this.#turn.giveUp(order);
      return { ok: false, reason: "full" };
    }
    return { ok: true, existed: false, runId: execution.id };
  }

  /** Begins when its turn has come, which may be now. */
  async #takeTurn(order: DurableOrder): Promise<TurnOutcome> {
    const outcome = await this.#turn.take(this.#context(), order);
    if (outcome === "go" && this.#row.status === "queued") await this.#goOn();
    return outcome;
  }

  /** The same for a run that has been accepted: it ends, where its turn does not come. */
  async #awaitTurn(order: DurableOrder): Promise<void> {
    const refusal = refusalOf(await this.#takeTurn(order));
    if (refusal && this.#row.status === "queued") this.#end(order, cutShort(order.execution, [], refusal, this.#now()));
  }

  async #goOn(): Promise<void> {
    this.#row.go();
    await this.#watchFrom(WATCHDOG);
    this.#drive();
  }

  #startedBefore(key: DurableOrder["key"]): StartAnswer {
    const known = this.#row.key;
    if (known && known.bodyHash !== key?.body_hash) return { ok: false, reason: "reused" };
    return { ok: true, existed: true, runId: this.#row.runId };
  }

  async keyed(): Promise<{ runId: string; keyHash: string; bodyHash: string } | null> {
    const key = this.#row.exists ? this.#row.key : null;
    return key && { runId: this.#row.runId, keyHash: key.hash, bodyHash: key.bodyHash };
  }

  async go(runId: string): Promise<boolean> {
    // Of two orders under one key one became the run; the turn of the other is not its own.
    if (!this.#row.exists || this.#row.runId !== runId) return false;
    const order = this.#row.status === "queued" ? this.#order() : null;
    if (order?.turn) await this.#awaitTurn(order);
    else if (order) await this.#goOn();
    return true;
  }

  async read({ nodeLogs = false }: { readonly nodeLogs?: boolean } = {}): Promise<string | null> {
    if (!this.#row.exists) return null;
    const view: LiveRunView = {
      execution: this.#execution(),
      nodeLogs: nodeLogs ? this.#journal.logs() : [],
      lastEventId: this.#events.lastId,
    };
    return JSON.stringify(view);
  }

  async ends(): Promise<string | null> {
    return this.#row.exists ? JSON.stringify(this.#journal.ends()) : null;
  }

  async settled(timeoutMs: number): Promise<string | null> {
    if (this.#row.exists && this.#goesOn()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeoutMs);
      this.#settledListeners.push(resolve);
      await promise;
      clearTimeout(timer);
    }
    return this.read();
  }

  #goesOn(): boolean {
    return this.#row.status === "running" || this.#row.status === "queued";
  }

  async cancel(): Promise<boolean> {
    if (!this.#row.exists || this.#row.status === "ended") return false;
    this.#row.cancel();
    if (this.#live) this.#live.run.cancel();
    else await this.#goOn();
    return true;
  }

  async question(nodeId: string): Promise<string | null> {
    const asked = this.#row.exists ? this.#journal.question(nodeId) : undefined;
    if (!asked) return null;
    const { question, answer } = asked;
    return JSON.stringify({ question, answered: answer !== undefined } satisfies Asked);
  }

  async answer(nodeId: string, answer: AnswerGiven): Promise<AnswerOutcome> {
    const asked = this.#row.exists ? this.#journal.question(nodeId) : undefined;
    if (!asked) return "not_asked";
    if (asked.answer) return "answered_already";
    if (this.#row.status === "ended") return "ended";
    if (asked.question.expires_at <= this.#now()) return "expired";
    this.#journal.answer(nodeId, answer);
    if (this.#live) this.#live.run.wake();
    else await this.#goOn();
    return "accepted";
  }

  override async fetch(request: Request): Promise<Response> {
    if (!this.#row.exists) return new Response("There is no run here.", { status: 404 });
    const view = request.headers.get("X-Run-View") === "member" ? "member" : "visitor";
    const after = startPoint(request);
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") return streamAnswer(this.#watchHost, { view, after });
    const { client, server } = newSocket(request, { view, after });
    this.ctx.acceptWebSocket(server);
    sendNews(this.#watchHost, server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (hear(socket, message)) sendNews(this.#watchHost, socket);
    else socket.close(1003, 'Send {"last_event_id": n} or {"ack": n}.');
  }

  override async webSocketClose(): Promise<void> {}

  /** Once for all events of a turn. */
  #tellSockets(): void {
    if (this.#newsPending) return;
    this.#newsPending = true;
    queueMicrotask(() => {
      this.#newsPending = false;
      for (const socket of this.ctx.getWebSockets()) sendNews(this.#watchHost, socket);
    });
  }

  override async alarm(): Promise<void> {
    if (!this.#row.exists) return;
    const now = this.#now();
    const { endedAt } = this.#row;
    if (endedAt !== null && this.#row.settled && now >= endedAt + RETENTION) return this.#empty();
    if (endedAt !== null) return this.#settle();
    // Set first: whatever ends this process, the next alarm takes the run up again.
    await this.ctx.storage.setAlarm(now + WATCHDOG);
    if (this.#row.status === "waiting" && now >= (this.#row.wakeAt ?? Number.POSITIVE_INFINITY)) this.#row.go();
    const queued = this.#row.status === "queued" ? this.#order() : null;
    if (queued?.turn) await this.#awaitTurn(queued);
    if (this.#row.status === "running" && !this.#live) {
      this.#row.live(this.#journal.ended());
      // What ends the process at once, in this very turn, must have been counted, and the alarm been set.
      await this.ctx.storage.sync();
      this.#drive();
    }
    await this.#tellProgress();
    // Held open, so that the object stays where it is while its run goes on.
    if (this.#live) await Promise.race([this.#live.over, new Promise((wake) => setTimeout(wake, WATCHDOG * 0.9))]);
    else await this.#sleep();
  }

  /** A life begins. It goes on by itself; nobody waits for it. */
  #drive(): void {
    if (this.#live || this.#row.status !== "running") return;
    const [ctx, order, reason] = [this.#context(), this.#order(), givingUp(this.#row, this.#now())];
    if (reason) {
      this.#end(order, cutShort(order.execution, this.#journal.logs(), reason, this.#now()));
      return;
    }
    const cancelled = this.#row.cancelled ? AbortSignal.abort() : new AbortController().signal;
    const request = requestOf(ctx, order, this.#turn.conversation, cancelled);
    const run = resumeRun(ctx, request, this.#journal, { suspendAfterMs: SUSPEND_AFTER });
    const over = run.end.then(
      (end) => this.#lifeEnded(order, end),
      (error: unknown) => this.#lifeFailed(ctx, error),
    );
    this.#live = { run, over };
  }

  async #lifeEnded(order: DurableOrder, end: LifeEnd): Promise<void> {
    this.#live = undefined;
    if (end.kind === "ended") return this.#end(order, end.result);
    this.#row.wait(end.wakeAt);
    this.#events.flush();
    this.#tellSettled();
    await this.#sleep();
    await this.#tellProgress();
  }

  /** A fault of ours, or of what we stand on: the run is taken up again, later each time. */
  async #lifeFailed(ctx: Context, error: unknown): Promise<void> {
    this.#live = undefined;
    ctx.log.error("a life of a run failed; it is taken up again", error, { run_id: this.#row.runId, lives: this.#row.lives });
    await this.#watchFrom(Math.min(60_000, 500 * 2 ** Math.min(this.#row.lives, 10)));
  }

  /** The run's end, in one piece: its record, its last event, its status. What follows from it is the alarm's. */
  #end({ execution }: DurableOrder, result: RunResult): void {
    const record = endRecord(execution, result);
    this.ctx.storage.transactionSync(() => {
      this.#texts.set("record", JSON.stringify(record));
      // The session belongs to whoever watches, and is added for them.
      const { session_id: _, ...answer } = answerOf(record.execution, "");
      this.#events.end(answer);
      this.#row.end(this.#now());
    });
    this.#tellSettled();
    this.ctx.waitUntil(this.#settle());
  }

  #tellSettled(): void {
    for (const listener of this.#settledListeners.splice(0)) listener();
  }

  /** What follows from the end, once at a time: summing a conversation up may take longer than the alarm waits. */
  async #settle(): Promise<void> {
    await this.ctx.storage.setAlarm(this.#now() + RECORD_AGAIN);
    this.#settling ??= this.#handOver().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  /** Ends its turn, hands the record to its outbox, frees its place at the gate. Each step can be repeated. */
  async #handOver(): Promise<void> {
    const ctx = this.#context();
    const order = this.#order();
    const { execution } = this.#record();
    try {
      if (!this.#row.recorded) {
        // First, since what the conversation costs is part of the record.
        if (order.turn) await this.#turn.leave(ctx, order, this.#record());
        await this.#outbox().append(this.#record());
        this.#row.record();
      }
      if (!this.#row.settled) {
        if (order.gated) await this.env.RUN_GATE.getByName(execution.app_id).leave(execution.id);
        this.#row.settle();
      }
      await this.ctx.storage.setAlarm((this.#row.endedAt ?? this.#now()) + RETENTION);
    } catch (error) {
      ctx.log.error("a run's end could not be handed over; it is tried again", error, { run_id: execution.id });
    }
  }

  /** Shows in the platform database that the run goes on, or waits and for whom. */
  async #tellProgress(): Promise<void> {
    const { status } = this.#row;
    if (status === "ended" || this.#row.told === status) return;
    const execution = this.#execution();
    const record: RunRecord = {
      execution,
      node_logs: [],
      // A run may wait for long after it has spoken to models.
      usage_events: [requestEvent(execution.id, execution.started_at), ...tokenEvents(execution.id, this.#journal.logs())],
      runtime_events: [],
    };
    try {
      await this.#outbox().append(record, this.#row.revision + 1);
      this.#row.tell(status);
    } catch (error) {
      this.#context().log.error("a run's progress could not be handed over; it is tried again", error, { run_id: execution.id });
    }
  }

  /** Sets the alarm for when something is to be done next. */
  async #sleep(): Promise<void> {
    const { status, wakeAt } = this.#row;
    if (status === "waiting" && wakeAt !== null) await this.ctx.storage.setAlarm(Math.max(wakeAt, this.#now()));
    if (status === "queued") await (this.#order().turn ? this.#watchFrom(ASK_AGAIN) : this.ctx.storage.deleteAlarm());
  }

  async #watchFrom(milliseconds: number): Promise<void> {
    await this.ctx.storage.setAlarm(this.#now() + milliseconds);
  }

  async #empty(): Promise<void> {
    const ctx = this.#context();
    try {
      await deleteRunFolder(ctx, this.#row.runId);
    } catch (error) {
      ctx.log.error("a run's files could not be deleted; it is tried again", error, { run_id: this.#row.runId });
      return this.#watchFrom(EMPTY_AGAIN);
    }
    await this.#forget();
  }

  async #forget(): Promise<void> {
    await this.ctx.storage.deleteAll();
    migrateStorage(this.ctx.storage, migrations);
    this.#row.forget();
  }

  /** The run as far as it has come. */
  #execution(): ExecutionRecord {
    const { status } = this.#row;
    if (status === "ended") return this.#record().execution;
    const { execution } = this.#order();
    // Other nodes may be at work while one waits for its answer.
    const waiting = this.#journal.openQuestions(this.#now());
    return { ...execution, status, ...(waiting.length > 0 && { waiting }) };
  }

  #order(): DurableOrder {
    return durableOrderSchema.parse(JSON.parse(this.#texts.get("order") ?? "null"));
  }

  #record(): RunRecord {
    return parseRunRecord(this.#texts.get("record") ?? "null");
  }

  #outbox() {
    const { workspace_id } = this.#order().execution;
    return this.env.RECORDER.getByName(outboxName(workspace_id, placeOfRun(this.#row.runId) ?? "local"));
  }

  #context(): Context {
    return createContext(this.env, {
      actor: { type: "system", name: "run" },
      requestId: this.#row.runId,
      waitUntil: (work) => this.ctx.waitUntil(work),
    });
  }

  #now(): number {
    return Date.now();
  }
}
