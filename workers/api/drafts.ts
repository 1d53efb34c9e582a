import { createRoute, z } from "@hono/zod-openapi";
import { getManifest, putDraft, requireManifest } from "#app";
import { inApp } from "./app-access.ts";
import { manifestBody } from "./manifest-body.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";

const tags = ["Apps"];
const parameters = z.object({ id: z.string() });
const revisionHeader = z.object({ ETag: z.string().openapi({ description: "The draft's revision, in quotes" }) });

export const draftsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/manifest",
      tags,
      summary: "The draft, as a manifest",
      ...inApp("apps:read"),
      request: { params: parameters },
      responses: { 200: { ...jsonContent(dataOf(manifestBody), "The manifest"), headers: revisionHeader }, ...problemResponses },
    }),
    async (c) => {
      const { manifest, revision } = await getManifest(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id);
      return c.json({ data: manifest }, 200, { ETag: `"${revision}"` });
    },
  )
  .openapi(
    createRoute({
      method: "put",
      path: "/apps/{id}/draft",
      tags,
      summary: "Replace the draft with a manifest",
      ...inApp("apps:edit"),
      request: {
        params: parameters,
        headers: z.object({
          "if-match": z.string().optional().openapi({ description: "The revision that was edited; another one now: 412" }),
        }),
        body: jsonBody(manifestBody),
      },
      responses: {
        200: {
          ...jsonContent(dataOf(z.object({ revision: z.number().int(), manifest: manifestBody })), "The draft as it is kept"),
          headers: revisionHeader,
        },
        ...problemResponses,
      },
    }),
    async (c) => {
      const expected = expectedRevision(c.req.valid("header")["if-match"]);
      const manifest = await requireManifest(c.req.valid("json"));
      const draft = await putDraft(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, manifest, expected);
      return c.json({ data: draft }, 200, { ETag: `"${draft.revision}"` });
    },
  );

/** The revision an `If-Match` asks for. `*` and no header ask for none; what is no revision of ours can never match. */
function expectedRevision(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const [, revision] = /^(?:W\/)?"(\d{1,9})"$/.exec(header.trim()) ?? [];
  return revision === undefined ? 0 : Number(revision);
}
