import { redirect } from "react-router";
import { paths } from "../paths.ts";
import type { Route } from "./+types/workspace-home.ts";

export function loader({ params }: Route.LoaderArgs) {
  return redirect(paths.apps(params.workspaceId));
}

/** Never shown by itself; it makes the address a page, so that a refusal is one too. */
export default function WorkspaceHome() {
  return null;
}
