import { createRequestHandler, RouterContextProvider, type ServerBuild } from "react-router";
import { LANGUAGE_COOKIE, readCookie } from "./cookies.ts";
import { isLocale, preferredLocale } from "./i18n/locale.ts";
import { isOwnRequest, secure } from "./security.ts";
import { type Service, type Visit, visitContext } from "./visit.ts";

function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

function visitOf(request: Request, api: Service): Visit {
  const chosen = readCookie(request.headers, LANGUAGE_COOKIE);
  return {
    api,
    url: new URL(request.url),
    headers: request.headers,
    locale: isLocale(chosen) ? chosen : preferredLocale(request.headers.get("Accept-Language")),
    nonce: newNonce(),
    setCookies: [],
  };
}

/** Answers a request for a page: the whole console, apart from the host it runs on. */
export function createConsole(build: ServerBuild): (request: Request, api: Service) => Promise<Response> {
  const handle = createRequestHandler(build, "production");
  return async (request, api) => {
    const visit = visitOf(request, api);
    if (!isOwnRequest(request)) {
      const headers = new Headers({ "Content-Type": "text/plain; charset=utf-8" });
      secure(headers, visit.nonce);
      return new Response("This request did not come from a page of this console.\n", { status: 403, headers });
    }
    const context = new RouterContextProvider();
    context.set(visitContext, visit);
    const answer = await handle(request, context);
    const response = new Response(answer.body, answer);
    secure(response.headers, visit.nonce);
    for (const cookie of visit.setCookies) response.headers.append("Set-Cookie", cookie);
    return response;
  };
}
