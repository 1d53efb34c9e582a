import { useLocation } from "react-router";
import { useText } from "../i18n/use-text.ts";
import { ButtonLink } from "./button.tsx";

/** What a page's own query asks of the API's list. */
export function pageQuery(url: URL): string {
  const cursor = url.searchParams.get("cursor");
  return cursor ? `?limit=25&cursor=${encodeURIComponent(cursor)}` : "?limit=25";
}

/** Further pages of a list. Lists are read forward; back is the browser's button, or the start. */
export function Pager({ next }: { readonly next: string | null }) {
  const text = useText();
  const { search } = useLocation();
  const query = new URLSearchParams(search);
  const within = query.has("cursor");
  const at = (cursor: string | null): string => {
    const to = new URLSearchParams(query);
    to.delete("cursor");
    if (cursor !== null) to.set("cursor", cursor);
    return `?${to}`;
  };
  if (next === null && !within) return null;
  return (
    <div className="flex justify-end gap-2">
      {within ? <ButtonLink to={{ search: at(null) }}>{text.actions.first}</ButtonLink> : null}
      {next === null ? null : <ButtonLink to={{ search: at(next) }}>{text.actions.next}</ButtonLink>}
    </div>
  );
}
