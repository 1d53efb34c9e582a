import { isbot } from "isbot";
import { renderToReadableStream } from "react-dom/server";
import { type EntryContext, type RouterContextProvider, ServerRouter } from "react-router";
import { visitContext } from "./visit.ts";

/** Renders a page as a stream; crawlers get it whole. */
export default async function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  entry: EntryContext,
  context: RouterContextProvider,
): Promise<Response> {
  headers.set("Content-Type", "text/html; charset=utf-8");
  if (request.method === "HEAD") return new Response(null, { status, headers });
  const { nonce } = context.get(visitContext);
  const rendering = { status };
  const body = await renderToReadableStream(<ServerRouter context={entry} url={request.url} nonce={nonce} />, {
    nonce,
    signal: request.signal,
    onError(error) {
      rendering.status = 500;
      console.error("page did not render", error);
    },
  });
  if (isbot(request.headers.get("User-Agent"))) await body.allReady;
  return new Response(body, { status: rendering.status, headers });
}

/** Errors that were thrown for visitors to see (`data(…)`) are answers; only the others are worth a line in the log. */
export function handleError(error: unknown, { request }: { readonly request: Request }): void {
  if (!request.signal.aborted && error instanceof Error) console.error("request failed", error);
}
