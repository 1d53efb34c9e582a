import { redirect } from "react-router";
import { readCookie, writeCookie } from "./cookies.ts";
import { en } from "./i18n/en.ts";
import type { Visit } from "./visit.ts";

/** What a page may say after it was sent to by an action. The cookie holds only the key, so it can say nothing else. */
export type FlashKey = keyof typeof en.flash;

const FLASH_COOKIE = "af_flash";

function isFlashKey(value: string): value is FlashKey {
  return Object.hasOwn(en.flash, value);
}

/** Sends the browser to one of our pages, which then says that it worked. */
export function redirectWithFlash(visit: Visit, to: string, key: FlashKey): Response {
  return redirect(to, { headers: { "Set-Cookie": writeCookie(visit.url, FLASH_COOKIE, key, 60) } });
}

/** Takes the message that an action left, once. */
export function takeFlash(visit: Visit): FlashKey | null {
  const left = readCookie(visit.headers, FLASH_COOKIE);
  if (left === undefined) return null;
  visit.setCookies.push(writeCookie(visit.url, FLASH_COOKIE, "", 0));
  return isFlashKey(left) ? left : null;
}
