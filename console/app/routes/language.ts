import { redirect } from "react-router";
import { LANGUAGE_COOKIE, writeCookie, YEAR } from "../cookies.ts";
import { readForm } from "../form.ts";
import { isLocale } from "../i18n/locale.ts";
import { ownPath } from "../own-path.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/language.ts";

/** Remembers the chosen language and goes back to where it was chosen. */
export async function action({ request, context }: Route.ActionArgs) {
  const { language, next } = await readForm(request);
  const back = redirect(ownPath(next));
  if (isLocale(language)) back.headers.set("Set-Cookie", writeCookie(context.get(visitContext).url, LANGUAGE_COOKIE, language, YEAR));
  return back;
}

export function loader() {
  return redirect("/");
}

/** Never shown by itself; it makes the address a page, so that a refusal is one too. */
export default function Language() {
  return null;
}
