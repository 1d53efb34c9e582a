import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { call, echo, type Json, type PublishedApp, publishApp, signUp } from "./client.ts";

let description: Json;
let app: PublishedApp;
beforeAll(async () => {
  description = (await call("/openapi.json")).body;
  app = await publishApp(await signUp(), echo("Hello"));
});

/** A schema of the description, with its references put in place, as zod reads it. */
function schemaOf(path: string, method: string): z.ZodType {
  const resolve = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(resolve);
    if (typeof node !== "object" || node === null) return node;
    if (typeof node.$ref === "string")
      return resolve(
        node.$ref
          .split("/")
          .slice(1)
          .reduce((at: Json, key: string) => at?.[key], description),
      );
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(value)]));
  };
  return z.fromJSONSchema(resolve(description.paths[path][method].responses[200].content["application/json"].schema));
}

describe("the API description", () => {
  it("describes what visitors are answered", async () => {
    const schema = await call(`${app.path}/schema`);
    expect(schemaOf("/{workspace}/{app}/schema", "get").safeParse(schema.body).error).toBeUndefined();
    const run = await call(`${app.path}/runs`, { body: { inputs: { word: "you" } } });
    const runSchema = schemaOf("/{workspace}/{app}/runs", "post");
    expect(runSchema.safeParse(run.body).error).toBeUndefined();
    const session = { "X-App-Session-Id": run.body.data.session_id };
    const again = await call(`${app.path}/runs/${run.body.data.run_id}`, { headers: session });
    expect(schemaOf("/{workspace}/{app}/runs/{run_id}", "get").safeParse(again.body).error).toBeUndefined();
    expect(runSchema.safeParse({ data: { ...run.body.data, status: "lost" } }).success).toBe(false);
  });
});
