import * as build from "virtual:react-router/server-build";
import { createConsole } from "./app/server.ts";
import type { Service } from "./app/visit.ts";

/*
 * The only file that knows Cloudflare Pages (advanced mode). What is not a file of the client build or a matter of the API
 * is a page.
 */

interface PagesEnv {
  /** The client build, served by Pages. */
  readonly ASSETS: Service;
  /** The members' API: the `agentflow` Worker. */
  readonly API: Service;
}

const API_PATHS = /^\/(api\/|auth\/|healthz$|openapi\.json$)/;
const ASSET_PATHS = /^\/(assets\/|favicon\.svg$|robots\.txt$)/;

const servePage = createConsole(build);

export default {
  fetch(request: Request, env: PagesEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (API_PATHS.test(pathname)) return env.API.fetch(request);
    if (ASSET_PATHS.test(pathname)) return env.ASSETS.fetch(request);
    return servePage(request, env.API);
  },
};
