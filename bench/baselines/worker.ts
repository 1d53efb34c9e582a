import { DurableObject } from "cloudflare:workers";
import { neon } from "@neondatabase/serverless";
import { Hono } from "hono";
import { configureDriver } from "../../shared/platform/db.ts";

interface BaselineEnv {
  readonly STORE: DurableObjectNamespace<Store>;
  readonly DATABASE_URL: string;
  readonly SQL_GATEWAY_ORIGIN: string;
}

/** About what a run's record weighs, in characters. */
const RECORD = "x".repeat(1_500);

/** Keeps rows: the least that is durable. */
export class Store extends DurableObject<BaselineEnv> {
  constructor(state: DurableObjectState, env: BaselineEnv) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  }

  async append(count: number): Promise<number> {
    for (let index = 0; index < count; index += 1) this.ctx.storage.sql.exec("INSERT INTO rows (text) VALUES (?)", RECORD);
    return count;
  }
}

const app = new Hono<{ Bindings: BaselineEnv }>();

app.get("/text", (c) => c.html("<!doctype html><title>Hello</title><p>Hello"));
app.get("/json", (c) => c.json({ data: { hello: "world" } }));

/** One durable append to an object that many share. */
app.post("/append", async (c) => {
  const { inputs } = await c.req.json<{ inputs: unknown }>();
  await c.env.STORE.getByName("shared").append(1);
  return c.json({ data: { inputs } });
});

/** A new object, four rows in one go. */
app.post("/object", async (c) => {
  await c.req.json();
  await c.env.STORE.getByName(crypto.randomUUID()).append(4);
  return c.json({ data: {} });
});

/** One row through the driver that the product uses. */
app.post("/insert", async (c) => {
  const { inputs } = await c.req.json<{ inputs: { word: string } }>();
  configureDriver(c.env);
  const rows = await neon(c.env.DATABASE_URL)`INSERT INTO bench_rows (word) VALUES (${inputs.word}) RETURNING id`;
  return c.json({ data: { id: rows[0]?.["id"] } });
});

/** Ten rows through the same driver. */
app.post("/select", async (c) => {
  await c.req.json();
  configureDriver(c.env);
  const rows = await neon(c.env.DATABASE_URL)`SELECT id, word FROM bench_rows LIMIT 10`;
  return c.json({ data: { count: rows.length } });
});

export default app;
