import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { MysqlCredentials, MysqlLease } from "./mysql-pools.ts";

/** What a client gets back with each answer and sends with its next statement. */
export const sessionSchema = z.object({ id: z.string(), in_transaction: z.boolean() });
export type Session = z.infer<typeof sessionSchema>;

/** An open transaction without a statement for this long is rolled back, in milliseconds (PlanetScale's limit). */
const IDLE_TRANSACTION_MS = 20_000;

interface OpenTransaction {
  readonly lease: MysqlLease;
  readonly owner: string;
  busy: boolean;
  idle: NodeJS.Timeout;
}

export type Checkout = { readonly ok: true; readonly lease: MysqlLease } | { readonly ok: false; readonly message: string };

/** Transactions that live across requests: the session's id leads to one real connection, for its owner alone. */
export function createMysqlSessions() {
  const open = new Map<string, OpenTransaction>();

  async function drop(id: string): Promise<void> {
    const transaction = open.get(id);
    if (transaction === undefined) return;
    open.delete(id);
    clearTimeout(transaction.idle);
    try {
      await transaction.lease.connection.rollback();
    } catch {
      // The server rolls back what a closed connection leaves behind.
      transaction.lease.connection.destroy();
    }
    transaction.lease.release();
  }

  const expiry = (id: string) => setTimeout(() => void drop(id), IDLE_TRANSACTION_MS).unref();

  return {
    newSession: (): Session => ({ id: randomUUID(), in_transaction: false }),

    /** The connection of a session's open transaction, locked for one statement. */
    checkout(session: Session, credentials: MysqlCredentials): Checkout {
      const transaction = open.get(session.id);
      if (transaction === undefined || transaction.owner !== ownerOf(credentials)) {
        return { ok: false, message: "the transaction of this session has ended (exceeded timeout: 20s)" };
      }
      if (transaction.busy) return { ok: false, message: "the session is in use by another request" };
      transaction.busy = true;
      clearTimeout(transaction.idle);
      return { ok: true, lease: transaction.lease };
    },

    /** Keeps the connection for the session's next statement. */
    keep(session: Session, credentials: MysqlCredentials, lease: MysqlLease): void {
      open.set(session.id, { lease, owner: ownerOf(credentials), busy: false, idle: expiry(session.id) });
    },

    /** The transaction is over; the connection is the caller's to give back. */
    forget(session: Session): void {
      open.delete(session.id);
    },

    async close(): Promise<void> {
      await Promise.all([...open.keys()].map(drop));
    },
  };
}

export type MysqlSessions = ReturnType<typeof createMysqlSessions>;

function ownerOf(credentials: MysqlCredentials): string {
  return JSON.stringify([credentials.user, credentials.password]);
}
