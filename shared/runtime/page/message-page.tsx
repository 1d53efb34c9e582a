import { Document } from "./document.tsx";
import type { PageLocale } from "./texts.ts";

export interface MessageView {
  readonly locale: PageLocale;
  readonly message: { readonly title: string; readonly detail: string };
  /** Of the request that failed; `null` where nothing did. */
  readonly requestId: string | null;
  /** Where the visitor can go on from here. */
  readonly link?: { readonly href: string; readonly text: string } | undefined;
  /** Seconds until it is worth trying again. */
  readonly retryAfter?: number | undefined;
}

/** A page that says one thing, such as why there is no other: finished, friendly, and with a way on where there is one. */
export function MessagePage({ view }: { view: MessageView }) {
  const { locale, retryAfter, link, requestId } = view;
  const { title, detail } = view.message;
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
        {requestId === null ? null : (
          <p class="note">
            {locale.texts.requestId} {requestId}
          </p>
        )}
      </main>
    </Document>
  );
}
