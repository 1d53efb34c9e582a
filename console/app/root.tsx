import type { ReactNode } from "react";
import { Links, Outlet, Scripts, ScrollRestoration, useRouteLoaderData } from "react-router";
import type { Route } from "./+types/root.ts";
import "./app.css";
import { Flash } from "./components/flash.tsx";
import { Journey } from "./components/journey.tsx";
import { Refusal } from "./components/refusal.tsx";
import { takeFlash } from "./flash.ts";
import { LANGUAGE_TAGS } from "./i18n/locale.ts";
import { useLocale, useText } from "./i18n/use-text.ts";
import { visitContext } from "./visit.ts";

export function loader({ context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const key = takeFlash(visit);
  return { locale: visit.locale, flash: key === null ? null : { key } };
}

export function Layout({ children }: { readonly children: ReactNode }) {
  const text = useText();
  const flash = useRouteLoaderData<typeof loader>("root")?.flash ?? null;
  return (
    <html lang={LANGUAGE_TAGS[useLocale()]}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <Links />
      </head>
      <body className="min-h-dvh font-sans antialiased">
        <a
          href="#main"
          className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-sm font-medium text-on-accent focus:not-sr-only focus:fixed focus:start-4 focus:top-4"
        >
          {text.skip}
        </a>
        <Journey />
        {children}
        <Flash message={flash} />
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return (
    <main id="main" className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center px-6 py-16">
      <Refusal error={error} />
    </main>
  );
}
