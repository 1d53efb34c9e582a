import type { Context } from "#platform/context";
import { appView, earlierTurns, Lru, loadVersion, localeOf, openSession, renderAppPage } from "#runtime";
import { appPageHeaders, enter, isFresh, pageSetting, sessionHeaders, type Visit } from "./visit.ts";

/** Rendered pages of this isolate, by what they depend on: a page is the same for every visitor of a version. */
const pages = new Lru<Uint8Array>(200, Number.POSITIVE_INFINITY);

/** Everything that a page depends on, as a validator: the route's epoch stands for its name, policy and version. */
function etagOf(ctx: Context, visit: Visit, language: string): string {
  const { route } = visit;
  return `W/"${route.versionId}.${route.epoch}.${language}.${ctx.env.VERSION}"`;
}

/** `GET` of an app's own address: its page. */
export async function appPage(ctx: Context, visit: Visit): Promise<Response> {
  await enter(ctx, visit, "page");
  const { route, request, target } = visit;
  const [version, session] = await Promise.all([loadVersion(ctx, route), openSession(ctx, route, request.headers)]);
  const setting = pageSetting(ctx, visit);
  const { language } = localeOf(version.content.config.locale, setting.acceptLanguage);
  const own = { ...(await appPageHeaders(ctx, route)), ...sessionHeaders(visit, session), Vary: "Accept-Language" };
  const conversation = await earlierTurns(ctx, route, version, session);
  if (conversation !== null) {
    const view = await appView(route, version, { ...setting, conversation }, { kind: "fresh" });
    return new Response(renderAppPage(view), { headers: { ...own, "Cache-Control": "private, no-store" } });
  }
  const etag = etagOf(ctx, visit, language);
  const headers = { ...own, "Cache-Control": "private, no-cache", ETag: etag };
  if (isFresh(request, etag)) return new Response(null, { status: 304, headers });
  const key = `${etag} ${target.base} ${setting.offlineModel}`;
  const now = ctx.clock.now();
  let page = pages.get(key, now);
  if (page === undefined) {
    page = new TextEncoder().encode(renderAppPage(await appView(route, version, setting, { kind: "fresh" })));
    pages.set(key, page, now);
  }
  return new Response(page, { headers });
}
