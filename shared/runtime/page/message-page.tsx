import { Document } from "./document.tsx";
import { errorText, type PageLocale } from "./texts.ts";

export interface MessageView {
  readonly locale: PageLocale;
  readonly code: string;
  readonly requestId: string;
  /** Where the visitor can go on from here. */
  readonly link?: { readonly href: string; readonly text: string } | undefined;
  /** Seconds until it is worth trying again. */
  readonly retryAfter?: number | undefined;
}

/** A page that says why there is no other: finished, friendly, and with a way on where there is one. */
export function MessagePage({ view }: { view: MessageView }) {
  const { locale, retryAfter, link } = view;
  const { title, detail } = errorText(locale.texts, view.code);
  return (
    <Document locale={locale} title={title}>
      <main class="message">
        <h1>{title}</h1>
        <p class="lead">{detail}</p>
        {retryAfter === undefined ? null : <p class="muted">{locale.texts.waitSeconds.replace("{seconds}", String(retryAfter))}</p>}
        {link === undefined ? null : (
          <p>
            <a class="button" href={link.href}>
              {link.text}
            </a>
          </p>
        )}
        <p class="note">
          {locale.texts.requestId} {view.requestId}
        </p>
      </main>
    </Document>
  );
}
