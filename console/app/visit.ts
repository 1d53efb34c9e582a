import { createContext } from "react-router";
import type { Locale } from "./i18n/locale.ts";

/** Anything that answers requests: the members' API behind its service binding. */
export interface Service {
  fetch(request: Request): Promise<Response>;
}

/** One request to the console, as loaders and actions see it. */
export interface Visit {
  readonly api: Service;
  readonly url: URL;
  readonly headers: Headers;
  readonly locale: Locale;
  /** Marks the scripts and styles of this answer as ours. */
  readonly nonce: string;
  /** `Set-Cookie` values that the API gave while answering; passed on with the page. */
  readonly setCookies: string[];
}

export const visitContext = createContext<Visit>();
