import { redirect, redirectDocument } from "react-router";
import { ownPath } from "./own-path.ts";

/**
 * Sends somebody on to one of our own paths. Below `/auth` there are no pages of the console but addresses of the API, which
 * the router in the browser does not know: the browser itself has to go there.
 */
export function onward(wanted: unknown): Response {
  const path = ownPath(wanted);
  return path.startsWith("/auth/") ? redirectDocument(path) : redirect(path);
}
