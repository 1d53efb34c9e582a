import { Form, useLocation } from "react-router";
import { LANGUAGE_TAGS, LOCALES } from "../i18n/locale.ts";
import { useLocale, useText } from "../i18n/use-text.ts";

export function LanguageSwitch() {
  const text = useText();
  const current = useLocale();
  const { pathname, search } = useLocation();
  return (
    <Form method="post" action="/language" aria-label={text.language} className="flex gap-1 text-sm" reloadDocument>
      <input type="hidden" name="next" value={`${pathname}${search}`} />
      {LOCALES.map((locale) => (
        <button
          key={locale}
          type="submit"
          name="language"
          value={locale}
          lang={LANGUAGE_TAGS[locale]}
          aria-pressed={locale === current}
          className="rounded-md px-2 py-1 text-ink-soft hover:bg-sunken hover:text-ink aria-pressed:font-medium aria-pressed:text-ink"
        >
          {text.languages[locale]}
        </button>
      ))}
    </Form>
  );
}
