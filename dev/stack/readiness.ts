import { createServer } from "node:http";
import { listen } from "../listen.ts";

export interface Readiness {
  /** Address that `/healthz` asks: 503 until the whole stack is ready, then 200. */
  readonly address: string;
  markReady(): void;
  close(): void;
}

/** `/healthz` must not be 200 before the demo apps are there and the console answers; only the stack knows that. */
export async function startReadiness(): Promise<Readiness> {
  let ready = false;
  const server = createServer((_request, response) => response.writeHead(ready ? 200 : 503).end());
  const port = await listen(server, 0);
  return {
    address: `http://127.0.0.1:${port}/`,
    markReady() {
      ready = true;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
