import { useRouteLoaderData } from "react-router";
import type { loader } from "../root.tsx";
import type { Catalogue } from "./en.ts";
import { catalogue, type Locale } from "./locale.ts";

/** The language of the page; English where even the outermost loader failed. */
export function useLocale(): Locale {
  return useRouteLoaderData<typeof loader>("root")?.locale ?? "en";
}

/** The words of the page's language. */
export function useText(): Catalogue {
  return catalogue(useLocale());
}
