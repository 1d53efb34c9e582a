import type { Driver, Query, SqlStatement } from "../../shared/database/engines/driver.ts";
import { AppError } from "../../shared/platform/errors.ts";

/**
 * What becomes of one statement: the server refuses it; or it is carried out and then the connection is lost, and nothing
 * comes through from then on, as when the process dies.
 */
export type Fault = "refused" | "lost";

export interface FaultyDriver {
  readonly driver: Driver;
  /** Statements that were sent. */
  count(): number;
}

const lost = () => new AppError("database_unavailable", "The workspace's database cannot be reached.");
const NONSENSE = "SELECT FROM WHERE";

/** What changes something; a server that refuses may be trusted to take what is written down beside it. */
function counts(text: string, fault: Fault): boolean {
  return !/^\s*(SELECT|BEGIN|COMMIT)/i.test(text) && (fault === "lost" || !text.includes("schema_migrations"));
}

/** A driver whose statement number `position`, from 0, does not go well. Only those that change something are counted. */
export function faultyDriver(driver: Driver, position: number, fault: Fault): FaultyDriver {
  let sent = 0;
  let isLost = false;

  async function send<T>(text: string, carryOut: () => Promise<T>, refuse: () => Promise<T>): Promise<T> {
    if (isLost) throw lost();
    if (!counts(text, fault)) return carryOut();
    sent += 1;
    if (sent - 1 !== position) return carryOut();
    if (fault === "refused") return refuse();
    isLost = true;
    await carryOut();
    throw lost();
  }

  const around =
    (query: Query): Query =>
    (statement: SqlStatement) =>
      send(
        statement.text,
        () => query(statement),
        () => query({ text: NONSENSE, params: [] }),
      );
  return {
    count: () => sent,
    driver: {
      run: (address, statement, signal) => around((asked) => driver.run(address, asked, signal))(statement),
      read: (address, statement, signal) => around((asked) => driver.read(address, asked, signal))(statement),
      command: (address, text) =>
        send(
          text,
          () => driver.command(address, text),
          () => driver.command(address, NONSENSE),
        ),
      transaction: (address, work, options) => driver.transaction(address, (query) => work(around(query)), options),
    },
  };
}
