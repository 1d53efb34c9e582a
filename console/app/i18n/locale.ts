import { type Catalogue, en } from "./en.ts";
import { zh } from "./zh.ts";

export const LOCALES = ["en", "zh"] as const;
export type Locale = (typeof LOCALES)[number];

const CATALOGUES: Readonly<Record<Locale, Catalogue>> = { en, zh };

/** Value of the document's `lang` attribute. */
export const LANGUAGE_TAGS: Readonly<Record<Locale, string>> = { en: "en", zh: "zh-Hans" };

export function catalogue(locale: Locale): Catalogue {
  return CATALOGUES[locale];
}

export function isLocale(value: unknown): value is Locale {
  return LOCALES.some((locale) => locale === value);
}

/** The language a browser asks for (RFC 9110, section 12.5.4): the supported one with the highest weight, English otherwise. */
export function preferredLocale(acceptLanguage: string | null): Locale {
  const wanted = (acceptLanguage ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
      const quality = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("q="));
      return { language: tag.split("-")[0], weight: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted.map(({ language }) => language).find(isLocale) ?? "en";
}
