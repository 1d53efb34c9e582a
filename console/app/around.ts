import type { ShouldRevalidateFunctionArgs } from "react-router";

/** For what stands around pages: it is read again on the way to another page and after a form, but not while a page only looks again. */
export function shouldRevalidate({ currentUrl, nextUrl, formMethod, defaultShouldRevalidate }: ShouldRevalidateFunctionArgs): boolean {
  return formMethod === undefined && currentUrl.href === nextUrl.href ? false : defaultShouldRevalidate;
}
