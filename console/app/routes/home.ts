import { redirect } from "react-router";
import { readPage } from "../api/client.server.ts";
import { workspaceSchema } from "../api/schemas.ts";
import { readCookie, WORKSPACE_COOKIE } from "../cookies.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/home.ts";

/** The front door: whoever is signed in goes on to the workspace they were in last, else to their newest. */
export async function loader({ context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const { data } = await readPage(visit, "/workspaces?limit=100", workspaceSchema);
  const last = readCookie(visit.headers, WORKSPACE_COOKIE);
  const workspace = data.find(({ id }) => id === last) ?? data.at(-1);
  return redirect(workspace ? paths.apps(workspace.id) : "/workspaces/new");
}

/** Never shown by itself; it makes the address a page, so that a refusal is one too. */
export default function Home() {
  return null;
}
