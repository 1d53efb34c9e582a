import { Agent, request } from "node:http";

/** One request of a load, repeated as often as time allows. */
export interface Target {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const CONNECTIONS = 16;

/** Requests a second that are answered with success at 16 connections, over some milliseconds. Fails at the first other answer. */
export async function throughput(target: Target, milliseconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const begun = performance.now();
  const end = begun + milliseconds;
  let answered = 0;
  const worker = async () => {
    while (performance.now() < end) {
      await send(target, agent);
      answered += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    return (answered * 1_000) / (performance.now() - begun);
  } finally {
    agent.destroy();
  }
}

/** Sends one request and reads its answer to the end. */
function send({ method, url, headers = {}, body }: Target, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const sent = request(url, { method, agent, headers: { ...type, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve();
        else reject(new Error(`${method} ${url.pathname} answered ${statusCode}: ${Buffer.concat(chunks).toString().slice(0, 300)}`));
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
