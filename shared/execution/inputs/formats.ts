import { z } from "zod";
import type { InputDeclaration } from "./declarations.ts";

type Format = NonNullable<InputDeclaration["format"]>;

const phone = /^\+?[0-9][0-9 ()./-]{4,30}$/;

const CHECKS: Record<Format, { readonly expected: string; readonly test: (text: string) => boolean }> = {
  email: { expected: "an e-mail address", test: (text) => text.length <= 254 && z.email().safeParse(text).success },
  url: { expected: "an address that begins with http:// or https://", test: (text) => /^https?:\/\//i.test(text) && URL.canParse(text) },
  date: { expected: "a date such as 2026-01-31", test: (text) => z.iso.date().safeParse(text).success },
  "date-time": {
    expected: "a time such as 2026-01-31T12:00:00Z",
    test: (text) => z.iso.datetime({ offset: true, local: true }).safeParse(text).success,
  },
  uuid: { expected: "a UUID", test: (text) => z.guid().safeParse(text).success },
  phone: { expected: "a telephone number", test: (text) => phone.test(text) },
};

/** What a text should have been, if it does not have the format. */
export function formatFault(text: string, format: Format): string | undefined {
  const { expected, test } = CHECKS[format];
  return test(text) ? undefined : `Give ${expected}.`;
}
