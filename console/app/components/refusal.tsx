import { isRouteErrorResponse, Link, useLocation } from "react-router";
import type { Catalogue } from "../i18n/en.ts";
import { useText } from "../i18n/use-text.ts";
import { Title } from "./page.tsx";

interface Shown {
  readonly title: string;
  readonly body: string;
}

function wordsFor(status: number, { errorPage }: Catalogue): Shown {
  if (status === 404) return { title: errorPage.notFoundTitle, body: errorPage.notFoundBody };
  if (status === 403) return { title: errorPage.forbiddenTitle, body: errorPage.forbiddenBody };
  if (status === 409) return { title: errorPage.stateTitle, body: errorPage.stateBody };
  if (status === 429 || (status >= 502 && status <= 504)) return { title: errorPage.unavailableTitle, body: errorPage.unavailableBody };
  return { title: errorPage.brokenTitle, body: errorPage.brokenBody };
}

/** The reference that support can look up, where the refusal has one. */
function referenceOf(refusal: unknown): string {
  if (typeof refusal !== "object" || refusal === null || !("requestId" in refusal)) return "";
  return typeof refusal.requestId === "string" ? refusal.requestId : "";
}

/** A page that could not be shown. Says what to do next, and never what was thrown. */
export function Refusal({ error }: { readonly error: unknown }) {
  const text = useText();
  const { pathname, search } = useLocation();
  const status = isRouteErrorResponse(error) ? error.status : 500;
  const reference = isRouteErrorResponse(error) ? referenceOf(error.data) : "";
  const { title, body } = wordsFor(status, text);
  const link =
    "inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 py-1.5 text-sm font-medium hover:border-line-strong";
  return (
    <div>
      <Title>{title}</Title>
      <p className="text-sm font-medium text-accent">{status}</p>
      <h1 className="mt-1 text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-2 text-ink-soft">{body}</p>
      <div className="mt-6 flex flex-wrap gap-2">
        <Link to="/" className={link}>
          {text.errorPage.home}
        </Link>
        {status === 404 || status === 403 ? null : (
          <a href={`${pathname}${search}`} className={link}>
            {text.errorPage.retry}
          </a>
        )}
      </div>
      {reference === "" ? null : (
        <p className="mt-6 font-mono text-xs text-ink-soft">
          {text.errorPage.reference}: {reference}
        </p>
      )}
    </div>
  );
}
