import { Document } from "./document.tsx";
import type { PageLocale } from "./texts.ts";

export interface PasswordView {
  readonly locale: PageLocale;
  /** Name of the app. */
  readonly name: string;
  /** Where the password is sent. */
  readonly action: string;
  /** The path to go on to. */
  readonly next: string;
  /** What went wrong with the last attempt. */
  readonly fault: string | null;
}

/** Asks for an app's password, with or without scripts. */
export function PasswordPage({ view: { locale, name, action, next, fault } }: { view: PasswordView }) {
  const { texts } = locale;
  return (
    <Document locale={locale} title={name}>
      <main class="message">
        <h1>{name}</h1>
        <p class="lead">{texts.passwordLead}</p>
        <form class="entry" method="post" action={action}>
          <div class="field">
            <label for="password">{texts.password}</label>
            <input
              id="password"
              name="password"
              type="password"
              required
              autofocus
              autocomplete="current-password"
              aria-invalid={fault === null ? undefined : "true"}
              aria-describedby={fault === null ? undefined : "fault"}
            />
            {fault === null ? null : (
              <p class="fault" id="fault" role="alert">
                {fault}
              </p>
            )}
          </div>
          <input type="hidden" name="next" value={next} />
          <button type="submit">{texts.goOn}</button>
        </form>
      </main>
    </Document>
  );
}

export interface KeyView {
  readonly locale: PageLocale;
  /** Name of the app. */
  readonly name: string;
  /** Address of the app, absolute. */
  readonly address: string;
}

/** Says that an app is for programs, and how they use it. */
export function KeyPage({ view: { locale, name, address } }: { view: KeyView }) {
  const { texts } = locale;
  const example = [
    `curl ${address}/runs \\`,
    '  -H "Authorization: Bearer $AGENTFLOW_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '{"inputs": {}}'`,
  ].join("\n");
  return (
    <Document locale={locale} title={name}>
      <main class="message">
        <h1>{name}</h1>
        <p class="lead">{texts.keyLead}</p>
        <p>{texts.keyExample}</p>
        <pre tabindex={0}>{example}</pre>
      </main>
    </Document>
  );
}
