import { Agent, request } from "node:http";

/** One request of a load, repeated as often as time allows. */
export interface Target {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const CONNECTIONS = 16;

/** What was answered otherwise than with success while throughput was measured; more than so many, and nothing is measured any more. */
export const failures: string[] = [];
const MAX_FAILURES = 50;

/** Requests a second that are answered with success at 16 connections, over some milliseconds. Other answers go to {@link failures}. */
export async function throughput(target: Target, milliseconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const begun = performance.now();
  const end = begun + milliseconds;
  let answered = 0;
  const worker = async () => {
    while (performance.now() < end) {
      try {
        await send(target, agent);
        answered += 1;
      } catch (error) {
        failures.push(String(error));
        if (failures.length > MAX_FAILURES) throw error;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    return (answered * 1_000) / (performance.now() - begun);
  } finally {
    agent.destroy();
  }
}

/**
 * How many of so many requests at 64 connections were answered with success; the others must have been refused with 429. Ends
 * after some milliseconds in any case.
 */
export async function admitted(target: Target, requests: number, milliseconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const end = performance.now() + milliseconds;
  let [sent, successes] = [0, 0];
  const worker = async () => {
    while (sent < requests && performance.now() < end) {
      sent += 1;
      if ((await answerTo(target, agent)).status !== 429) successes += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: 64 }, worker));
    return successes;
  } finally {
    agent.destroy();
  }
}

/** Sends requests at a steady pace, whether or not the earlier ones have been answered; gives how many. */
export async function pace(target: Target, perSecond: number, milliseconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const begun = performance.now();
  const answers: Promise<void>[] = [];
  try {
    while (performance.now() - begun < milliseconds) {
      answers.push(send(target, agent));
      const due = begun + (answers.length * 1_000) / perSecond;
      await new Promise((wake) => setTimeout(wake, Math.max(0, due - performance.now())));
    }
    await Promise.all(answers);
    return answers.length;
  } finally {
    agent.destroy();
  }
}

/** Sends one request and reads its answer to the end. Fails unless that is a success. */
async function send(target: Target, agent: Agent): Promise<void> {
  const { status, text } = await answerTo(target, agent);
  if (status < 200 || status >= 300) throw new Error(`${target.method} ${target.url.pathname} answered ${status}: ${text.slice(0, 300)}`);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function answerTo(target: Target, agent: Agent): Promise<Answer> {
  const { method, url, headers = {}, body } = target;
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const sent = request(url, { method, agent, headers: { ...type, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode: status = 0 } = response;
        const text = Buffer.concat(chunks).toString();
        if (status < 300 || status === 429) resolve({ status, text });
        else reject(new Error(`${method} ${url.pathname} answered ${status}: ${text.slice(0, 300)}`));
      });
      response.on("error", reject);
    });
    // A connection that was kept may have been closed just as it was used again.
    sent.on("error", (error) => (sent.reusedSocket ? resolve(answerTo(target, agent)) : reject(error)));
    sent.end(body);
  });
}
