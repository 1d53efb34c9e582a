import { type Context, createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { notFound } from "#platform/errors";
import { asset } from "./asset.ts";
import { answerCustomHost } from "./custom-host.ts";
import { healthResponse } from "./health.ts";
import { handleHook } from "./hooks/index.ts";
import { handlePaymentsHook, PAYMENTS_HOOK } from "./hooks/payments.ts";
import { problemResponse } from "./problem.ts";
import { visitorErrorPage } from "./runtime/error-page.ts";
import { handleVisitor } from "./runtime/index.ts";

/** First path words of platform hosts that are never a workspace's slug. */
const API_PATHS: ReadonlySet<string> = new Set(["api", "openapi.json"]);

/** Answers every request: decides by host and path who serves it, and turns whatever is thrown into an answer. */
export async function handleRequest(request: Request, env: Env, execution: Pick<ExecutionContext, "waitUntil">): Promise<Response> {
  const ctx = createContext(env, { waitUntil: (work) => execution.waitUntil(work) });
  try {
    return stamp(await route(request, ctx), ctx.requestId);
  } catch (error) {
    return stamp(await failure(error, request, ctx), ctx.requestId);
  }
}

async function failure(error: unknown, request: Request, ctx: Context): Promise<Response> {
  return wantsPage(request) ? await visitorErrorPage(error, request, ctx) : problemResponse(error, ctx.requestId, ctx.log);
}

function route(request: Request, ctx: Context): Promise<Response> {
  const url = new URL(request.url);
  if (isPlatformHost(url, ctx.env)) return routePlatform(request, url, ctx);
  return answerCustomHost(request, url, ctx, (error) => failure(error, request, ctx));
}

async function routePlatform(request: Request, url: URL, ctx: Context): Promise<Response> {
  const [first = "", second = "", ...rest] = url.pathname.slice(1).split("/");
  if (first === "healthz") return healthResponse(ctx);
  if (first === "api" && second === "v1" && rest[0] === "hooks") return handleHook(request, ctx, rest.slice(1).join("/"));
  if (first === "api" && second === "v1" && rest.join("/") === PAYMENTS_HOOK) return handlePaymentsHook(request, ctx);
  if (API_PATHS.has(first)) {
    // Imported late: visitors never need the members' API.
    const { handleApi } = await import("./api/index.ts");
    return handleApi(request, ctx);
  }
  if (first === "auth" && second === "hand-off" && rest.length === 0) {
    // Imported late, with the auth library.
    const { handOff } = await import("./auth/hand-off.ts");
    return handOff(request, ctx);
  }
  if (first === "assets") return asset(request, ctx.env);
  if (first === "") return new Response(null, { status: 302, headers: { Location: new URL(ctx.env.CONSOLE_ORIGIN).href } });
  if (second === "") throw notFound("The page");
  return handleVisitor(request, ctx, {
    kind: "path",
    workspaceSlug: first,
    appSlug: second,
    rest: rest.join("/"),
    base: `/${first}/${second}`,
  });
}

function isPlatformHost(url: URL, env: Env): boolean {
  return platformHosts(env).has(url.host.toLowerCase());
}

let hosts: { readonly env: Env; readonly names: ReadonlySet<string> } | undefined;

/** The platform's own hosts, parsed once an isolate. */
function platformHosts(env: Env): ReadonlySet<string> {
  if (hosts?.env !== env) {
    const listed = env.PLATFORM_HOSTS.split(",").map((host) => host.trim().toLowerCase());
    const origins = [env.API_ORIGIN, env.CONSOLE_ORIGIN].map((origin) => new URL(origin).host);
    hosts = { env, names: new Set([...origins, ...listed].filter((host) => host !== "")) };
  }
  return hosts.names;
}

/** Browsers get a page; everything under the API, and every client that did not ask for HTML, gets problem+json. */
function wantsPage(request: Request): boolean {
  const accepts = request.headers.get("Accept")?.includes("text/html") ?? false;
  return accepts && !new URL(request.url).pathname.startsWith("/api/");
}

/** Every answer names its request, and none is taken for anything but what it says it is. */
function stamp(response: Response, requestId: string): Response {
  if (response.webSocket) return response;
  response.headers.set("X-Content-Type-Options", "nosniff");
  if (!response.headers.has("X-Request-Id")) response.headers.set("X-Request-Id", requestId);
  return response;
}
