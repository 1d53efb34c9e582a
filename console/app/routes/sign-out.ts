import { redirect } from "react-router";
import { signOut } from "../api/auth.server.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/sign-out.ts";

export async function action({ context }: Route.ActionArgs) {
  await signOut(context.get(visitContext));
  return redirect("/sign-in");
}

export function loader() {
  return redirect("/");
}

/** Never shown by itself; it makes the address a page, so that a refusal is one too. */
export default function SignOut() {
  return null;
}
