import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { MAX_BODY_BYTES } from "../http-body.ts";
import { isAllowed, parseAddress, type ServerAddress } from "./server-addresses.ts";

/** Bytes waiting for a slow reader before the database is asked to pause. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024;

/** How long a client may take to answer the closing of its WebSocket, in milliseconds. */
const GOODBYE_MS = 500;

export interface NeonSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): Promise<void>;
}

/** Neon's `/v2?address=host:port`: the frames of a WebSocket are the raw bytes of one Postgres connection, both ways. */
export function createNeonSockets(servers: readonly ServerAddress[]): NeonSockets {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_BODY_BYTES });
  return {
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? "/", "http://gateway");
      const address = parseAddress(url.searchParams.get("address") ?? "");
      if (url.pathname !== "/v2") return refuse(socket, "404 Not Found");
      if (address === null) return refuse(socket, "400 Bad Request");
      if (!isAllowed(address, servers)) return refuse(socket, "403 Forbidden");
      server.handleUpgrade(request, socket, head, (webSocket) => pipe(webSocket, address));
    },
    async close() {
      await Promise.all([...server.clients].map(closeSocket));
      server.close();
    },
  };
}

/** Says goodbye first: a driver takes an abrupt end for an error, even on a connection that it is closing itself. */
async function closeSocket(webSocket: WebSocket): Promise<void> {
  const closed = once(webSocket, "close");
  webSocket.close();
  const killer = setTimeout(() => webSocket.terminate(), GOODBYE_MS);
  await closed;
  clearTimeout(killer);
}

function pipe(webSocket: WebSocket, address: ServerAddress): void {
  const database = connect({ host: address.host, port: address.port, noDelay: true });
  let connected = false;
  database.on("connect", () => {
    connected = true;
  });
  database.on("data", (bytes) => {
    webSocket.send(bytes, () => {
      if (database.isPaused() && webSocket.bufferedAmount < HIGH_WATER_BYTES) database.resume();
    });
    if (webSocket.bufferedAmount >= HIGH_WATER_BYTES) database.pause();
  });
  database.on("error", (error) => {
    // What Neon says when a compute does not answer, in the protocol the driver is waiting for.
    if (!connected) webSocket.send(fatalError("08006", `couldn't connect to compute node: ${error.message}`));
  });
  database.on("close", () => webSocket.close());
  database.on("drain", () => webSocket.resume());
  webSocket.on("message", (data) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    if (!database.write(bytes)) webSocket.pause();
  });
  webSocket.on("error", () => database.destroy());
  // A driver that hangs up in the middle of a transaction: the server notices the end of the connection and rolls back.
  webSocket.on("close", () => database.destroy());
}

/** Postgres' ErrorResponse. */
function fatalError(code: string, message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const frame = Buffer.alloc(5);
  frame.write("E");
  frame.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([frame, body]);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
