import { z } from "zod";
import { findActiveHostname } from "#domain";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import { isId } from "#platform/ids";
import { issueCode, localeOf, needsSignIn, pageHeaders, renderMessagePage, resolveRoute } from "#runtime";
import { findSignIn } from "../api/auth.ts";
import { platformOrigins } from "../api/platform-origins.ts";

const querySchema = z.object({
  app: z.string().refine((id) => isId("app", id), "Must be the id of an app."),
  host: z.string().min(1).max(261),
  state: z.string().min(1).max(4_096),
});

type Query = z.infer<typeof querySchema>;

/**
 * The address of an app at a host: below the platform's own origins by its slugs, and at the root of a custom hostname that
 * serves this very app. Throws `not_found` for any other: nobody's sign-in goes there.
 */
async function addressOf(ctx: Context, { app, host }: Query): Promise<string> {
  const { protocol, port } = new URL(ctx.env.API_ORIGIN);
  const route = await resolveRoute(ctx, { appId: app });
  if (route.status !== "published") throw new AppError("not_available", "This app is not available right now.");
  if (!needsSignIn(route)) throw notFound("The page");
  const own = platformOrigins(ctx.env).find((origin) => new URL(origin).host === host);
  if (own !== undefined) return `${own}/${route.workspaceSlug}/${route.appSlug}`;
  const url = URL.parse(`${protocol}//${host}`);
  const target = url?.host === host && url.port === port ? await findActiveHostname(ctx, url.hostname) : null;
  if (url === null || target?.appId !== app) throw notFound("The page");
  return url.origin;
}

/** To the platform's own sign-in, and from there back here. */
function toSignIn(ctx: Context, request: Request): Response {
  const { pathname, search } = new URL(request.url);
  const page = new URL("/sign-in", ctx.env.CONSOLE_ORIGIN);
  page.searchParams.set("next", `${pathname}${search}`);
  return new Response(null, { status: 303, headers: { Location: page.href, "Cache-Control": "no-store" } });
}

/**
 * The page that goes on to the app by itself. It is a page rather than a redirect, because where scripts are off this
 * follows a form of the console, whose policy lets forms end on its own origin only.
 */
async function goingBack(request: Request, host: string, address: string): Promise<Response> {
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  const { title, detail } = locale.texts.goingBack;
  const page = renderMessagePage({
    locale,
    message: { title, detail: detail.replace("{host}", host) },
    requestId: null,
    link: { href: address, text: locale.texts.goOn },
  });
  const headers = { ...(await pageHeaders("'none'")), "Referrer-Policy": "no-referrer" };
  return new Response(page, { headers: { ...headers, Refresh: `0; url=${address}`, "Cache-Control": "no-store" } });
}

/** `GET /auth/hand-off`, on the platform: hands the user's sign-in over to an app at a host of its own. */
export async function handOff(request: Request, ctx: Context): Promise<Response> {
  if (request.method !== "GET") throw new AppError("method_not_allowed", "This address takes GET.", { headers: { Allow: "GET" } });
  const query = querySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!query.success) throw validationFailed(faultsOf(query.error));
  const { app, host, state } = query.data;
  const address = await addressOf(ctx, query.data);
  const found = await findSignIn(ctx, request);
  if (found === null) return toSignIn(ctx, request);
  const code = await issueCode(ctx, { appId: app, host }, found.signIn, state);
  return goingBack(request, host, `${address}/auth/callback?${new URLSearchParams({ code, state })}`);
}
