import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Env as PlatformEnv } from "#platform/env";
import { EventLog } from "../../../durable-objects/durable-run/event-log.ts";
import { SqlJournal } from "../../../durable-objects/durable-run/sql-journal.ts";
import { Texts } from "../../../durable-objects/durable-run/texts.ts";
import { comparable, runEveryNode } from "../fixtures/every-node-run.ts";
import { MemoryJournal } from "../memory-journal.ts";

declare global {
  namespace Cloudflare {
    interface Env extends PlatformEnv {}
  }
}

it("gives the same in memory and from a durable run's journal, for every type of node", async () => {
  await runInDurableObject(env.DURABLE_RUN.getByName("every node"), async (_object, { storage: { sql } }) => {
    const journal = new SqlJournal(sql, new Texts(sql), new EventLog(sql));
    const [memory, durable] = await Promise.all([runEveryNode(new MemoryJournal()), runEveryNode(journal)]);
    expect(memory.status).toBe("completed");
    expect(durable.outputs).toEqual(memory.outputs);
    expect(comparable(durable.nodeLogs)).toEqual(comparable(memory.nodeLogs));
    expect(comparable(journal.logs())).toEqual(comparable(durable.nodeLogs));
  });
}, 60_000);
