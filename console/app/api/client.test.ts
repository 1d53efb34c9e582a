import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createStubApi, problem } from "../../testing/stub-api.ts";
import type { Visit } from "../visit.ts";
import { readIfAllowed, readOne, readPage, readTagged, write, writeOnly } from "./client.server.ts";

function visitWith(
  answer: (request: Request, path: string) => Response | undefined,
  url = "https://console.example.com/workspaces/w/apps.data?_routes=x",
) {
  const api = createStubApi(answer);
  const visit: Visit = {
    api,
    url: new URL(url),
    headers: new Headers({ Cookie: "session=1", "CF-Connecting-IP": "192.0.2.7", Authorization: "not for the API" }),
    locale: "en",
    nonce: "",
    setCookies: [],
  };
  return { visit, api };
}

const thing = z.object({ name: z.string() });

/** What a rejected call threw, as the router would see it. */
async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.unreachable("it should have been refused"),
    (error: unknown) => error,
  );
}

describe("reading", () => {
  it("gives what the schema knows and drops the rest", async () => {
    const { visit } = visitWith(() => Response.json({ data: { name: "a", secret: "b" } }));
    expect(await readOne(visit, "/things/1", thing)).toEqual({ name: "a" });
  });

  it("gives a page with its cursor", async () => {
    const { visit } = visitWith(() => Response.json({ data: [{ name: "a" }], next_cursor: "c1" }));
    expect(await readPage(visit, "/things", thing)).toEqual({ data: [{ name: "a" }], next_cursor: "c1" });
  });

  it("gives the revision of the ETag, weak or not", async () => {
    for (const etag of ['"12"', 'W/"12"']) {
      const { visit } = visitWith(() => Response.json({ data: { name: "a" } }, { headers: { ETag: etag } }));
      expect(await readTagged(visit, "/things/1", thing)).toEqual({ data: { name: "a" }, revision: 12 });
    }
  });

  it("speaks for the visitor, and passes cookies both ways", async () => {
    const { visit, api } = visitWith(() => Response.json({ data: { name: "a" } }, { headers: { "Set-Cookie": "session=2; Path=/" } }));
    await readOne(visit, "/things/1", thing);
    const [call] = api.calls;
    expect(call?.path).toBe("/things/1");
    expect(Object.fromEntries(call?.headers ?? [])).toMatchObject({
      cookie: "session=1",
      "cf-connecting-ip": "192.0.2.7",
      origin: "https://console.example.com",
    });
    expect(call?.headers.has("Authorization")).toBe(false);
    expect(visit.setCookies).toEqual(["session=2; Path=/"]);
  });

  it("sends whoever is not signed in to sign in, and back afterwards", async () => {
    const { visit } = visitWith(() => problem(401, "unauthenticated"));
    const thrown = await thrownBy(readOne(visit, "/things/1", thing));
    expect(thrown).toBeInstanceOf(Response);
    expect(thrown instanceof Response && thrown.headers.get("Location")).toBe("/sign-in?next=%2Fworkspaces%2Fw%2Fapps");
  });

  it("ends in the refusal's status, saying only its code and reference", async () => {
    const { visit } = visitWith(() => problem(404, "not_found"));
    expect(await thrownBy(readOne(visit, "/things/1", thing))).toMatchObject({
      data: { code: "not_found", requestId: "req_stub" },
      init: { status: 404 },
    });
  });

  it("ends in 502 for an answer of another shape, without repeating it", async () => {
    const { visit } = visitWith(() => Response.json({ data: { nom: "stack trace" } }));
    const thrown = await thrownBy(readOne(visit, "/things/1", thing));
    expect(thrown).toMatchObject({ data: { code: "upstream_unavailable", requestId: "" }, init: { status: 502 } });
    expect(JSON.stringify(thrown)).not.toContain("stack trace");
  });

  it("ends in 503 when the API cannot be reached", async () => {
    const { visit } = visitWith(() => undefined);
    const unreachable = { ...visit, api: { fetch: () => Promise.reject(new Error("10.0.0.3 refused the connection")) } };
    expect(await thrownBy(readOne(unreachable, "/things/1", thing))).toMatchObject({
      data: { code: "upstream_unavailable", requestId: "" },
      init: { status: 503 },
    });
  });

  it("does without a list that the role does not include", async () => {
    expect(await readIfAllowed(visitWith(() => problem(403, "forbidden")).visit, "/things", thing)).toEqual([]);
    expect(await thrownBy(readIfAllowed(visitWith(() => problem(500, "internal")).visit, "/things", thing))).toMatchObject({
      init: { status: 500 },
    });
  });
});

describe("writing", () => {
  it("sends the body with its guards", async () => {
    const { visit, api } = visitWith(() => Response.json({ data: { name: "a" } }, { status: 201 }));
    const made = await write(visit, { method: "POST", path: "/things", body: { name: "a" }, idempotencyKey: "k1", ifMatch: 3 }, thing);
    expect(made).toEqual({ ok: true, data: { name: "a" }, etag: null });
    const [call] = api.calls;
    expect(call?.body).toBe('{"name":"a"}');
    expect(Object.fromEntries(call?.headers ?? [])).toMatchObject({
      "idempotency-key": "k1",
      "if-match": '"3"',
      "content-type": "application/json",
    });
  });

  it("gives a refusal as a value, with its faults", async () => {
    const faults = [{ path: "name", code: "too_short", message: "Too short." }];
    const { visit } = visitWith(() => problem(422, "validation_failed", faults));
    expect(await writeOnly(visit, { method: "PATCH", path: "/things/1", body: {} })).toEqual({
      ok: false,
      problem: { status: 422, code: "validation_failed", detail: "Detail of validation_failed.", requestId: "req_stub", faults },
    });
  });

  it("takes an answer without a body", async () => {
    const { visit } = visitWith(() => new Response(null, { status: 204 }));
    expect(await writeOnly(visit, { method: "DELETE", path: "/things/1" })).toMatchObject({ ok: true });
  });

  it("says nothing of a refusal that is not the API's own", async () => {
    const { visit } = visitWith(() => new Response("<h1>proxy at 10.0.0.3</h1>", { status: 503 }));
    expect(await writeOnly(visit, { method: "DELETE", path: "/things/1" })).toEqual({
      ok: false,
      problem: { status: 503, code: "internal", detail: "", requestId: "", faults: [] },
    });
  });
});
