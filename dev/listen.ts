import { Server as HttpServer } from "node:http";
import { createServer, type Server } from "node:net";

/** Milliseconds that an idle connection is kept: longer than workerd keeps it, so that none closes just as a request takes it. */
const KEEP_ALIVE = 60_000;

/** Listens on the loopback address and gives the port: the one asked for, or any free one for 0. Rejects when it is taken. */
export function listen(server: Server, port: number): Promise<number> {
  if (server instanceof HttpServer) server.keepAliveTimeout = KEEP_ALIVE;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, 0);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function isPortFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await listen(probe, port);
  } catch {
    return false;
  }
  await new Promise((resolve) => probe.close(resolve));
  return true;
}
