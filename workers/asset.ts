import type { Env } from "#platform/env";

/** A static file. What was fetched has headers that cannot be added to, so the answer is made anew. */
export async function asset(request: Request, { ASSETS }: Pick<Env, "ASSETS">): Promise<Response> {
  const response = await ASSETS.fetch(request);
  return new Response(response.body, response);
}
