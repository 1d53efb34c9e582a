import { redirect } from "react-router";
import { readPage } from "../api/client.server.ts";
import { workspaceSchema } from "../api/schemas.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/home.ts";

/** The front door: whoever is signed in goes on to their own workspace. */
export async function loader({ context }: Route.LoaderArgs) {
  const { data } = await readPage(context.get(visitContext), "/workspaces?limit=100", workspaceSchema);
  const own = data.find(({ is_default }) => is_default) ?? data[0];
  return redirect(own ? paths.apps(own.id) : "/workspaces/new");
}

/** Never shown by itself; it makes the address a page, so that a refusal is one too. */
export default function Home() {
  return null;
}
