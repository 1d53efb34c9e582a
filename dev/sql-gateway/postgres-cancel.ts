import { connect } from "node:net";
import type pg from "pg";
import { z } from "zod";

/** Set by `pg` from the server's BackendKeyData message, but absent from its types. */
const backendKey = z.object({ processID: z.number(), secretKey: z.number(), host: z.string(), port: z.number() });

const CANCEL_REQUEST_CODE = 80_877_102;

/** Asks the server to stop what this connection is doing (Postgres' CancelRequest, on a connection of its own). Best effort. */
export function cancelStatement(client: pg.ClientBase): void {
  const key = backendKey.safeParse(client);
  if (!key.success) return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  message.writeInt32BE(key.data.processID, 8);
  message.writeInt32BE(key.data.secretKey, 12);
  const socket = connect({ host: key.data.host, port: key.data.port }, () => socket.end(message));
  // The server that cannot be reached any more has nothing left to cancel.
  socket.on("error", () => socket.destroy());
}
