import type { AppRoute } from "#app";
import { inputJsonSchema, outputJsonSchema } from "#execution";
import type { Context } from "#platform/context";
import { Lru, loadVersion, type ServedVersion } from "#runtime";
import { enter, isFresh, type Visit } from "./visit.ts";

/** Rendered answers of this isolate: one a version and epoch. */
const answers = new Lru<string>(200, Number.POSITIVE_INFINITY);

function render(route: AppRoute, { content }: ServedVersion): string {
  return JSON.stringify({
    data: {
      name: route.name,
      description: route.description,
      version: content.number,
      ui_schema: content.ui_schema,
      input_schema: inputJsonSchema(content.workflow),
      output_schema: outputJsonSchema(content.workflow),
      access_mode: route.accessPolicy.access_mode,
    },
  });
}

/** `GET …/schema`: what an app takes and gives. */
export async function appSchema(ctx: Context, visit: Visit): Promise<Response> {
  await enter(ctx, visit, "schema");
  const { route, request } = visit;
  const etag = `"${route.versionId}.${route.epoch}"`;
  const shared = route.accessPolicy.access_mode === "public_anonymous";
  const headers = {
    "Content-Type": "application/json",
    "Cache-Control": shared ? "public, max-age=0, must-revalidate" : "private, no-cache",
    ETag: etag,
  };
  if (isFresh(request, etag)) return new Response(null, { status: 304, headers });
  const now = ctx.clock.now();
  let answer = answers.get(etag, now);
  if (answer === undefined) {
    answer = render(route, await loadVersion(ctx, route));
    answers.set(etag, answer, now);
  }
  return new Response(answer, { headers });
}
