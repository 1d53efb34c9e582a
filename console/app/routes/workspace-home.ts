import { redirect } from "react-router";
import { paths } from "../paths.ts";
import type { Route } from "./+types/workspace-home.ts";

export function loader({ params }: Route.LoaderArgs) {
  return redirect(paths.apps(params.workspaceId));
}
