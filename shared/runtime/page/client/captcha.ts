import { element } from "./elements.ts";

/** How to ask for a captcha, as a refusal says it. */
export interface CaptchaOffer {
  readonly script: string;
  readonly site_key: string;
  readonly action: string;
}

/** What the page uses of Turnstile (https://developers.cloudflare.com/turnstile/get-started/client-side-rendering/). */
interface Turnstile {
  render(place: HTMLElement, options: Readonly<Record<string, unknown>>): string | undefined;
}

declare global {
  var turnstile: Turnstile | undefined;
}

/** Loads the widget's script once; `null` where it cannot be had, as on a page that was not made for it. */
function loadTurnstile(address: string): Promise<Turnstile | null> {
  if (globalThis.turnstile !== undefined) return Promise.resolve(globalThis.turnstile);
  return new Promise((resolve) => {
    const script = element("script");
    script.src = address;
    script.addEventListener("load", () => resolve(globalThis.turnstile ?? null));
    script.addEventListener("error", () => {
      script.remove();
      resolve(null);
    });
    document.head.append(script);
  });
}

/** Shows a captcha in a place and gives its token; `null` when it cannot be shown, or ends without one. */
export async function solveCaptcha(place: HTMLElement, offer: CaptchaOffer, language: string): Promise<string | null> {
  const turnstile = await loadTurnstile(offer.script);
  if (turnstile === null) return null;
  return new Promise((resolve) => {
    const giveUp = () => {
      resolve(null);
      return true;
    };
    turnstile.render(place, {
      sitekey: offer.site_key,
      action: offer.action,
      language,
      callback: resolve,
      "error-callback": giveUp,
      "timeout-callback": giveUp,
      "unsupported-callback": giveUp,
    });
  });
}
