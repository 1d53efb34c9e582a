import type { Child } from "hono/jsx";
import { STYLES } from "./styles.ts";
import type { PageLocale } from "./texts.ts";

interface DocumentProps {
  readonly locale: PageLocale;
  readonly title: string;
  readonly description?: string;
  /** Address of the page's script; pages without one work as they are. */
  readonly script?: string;
  readonly children: Child;
}

/** The frame of every page that visitors see. */
export function Document({ locale, title, description, script, children }: DocumentProps) {
  return (
    <html lang={locale.tag} dir={locale.direction}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        {description ? <meta name="description" content={description} /> : null}
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: our own constant, allowed by its hash */}
        <style dangerouslySetInnerHTML={{ __html: STYLES }} />
        <link rel="icon" href="data:," />
        {script === undefined ? null : <script type="module" src={script} />}
      </head>
      <body>{children}</body>
    </html>
  );
}
