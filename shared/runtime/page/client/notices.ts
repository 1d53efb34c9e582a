import { errorText, type Texts } from "../texts.ts";
import { element } from "./elements.ts";

interface NoticeOptions {
  /** Offers to try again. */
  readonly retry?: () => void;
  /** Seconds until trying again makes sense; counted down before the visitor's eyes. */
  readonly wait?: number | null;
}

function retryButton(texts: Texts, retry: () => void, wait: number): HTMLElement[] {
  const button = element("button", "quiet small", texts.retry);
  button.type = "button";
  button.addEventListener("click", retry);
  if (wait <= 0) return [button];
  const countdown = element("span", "wait");
  let left = wait;
  button.disabled = true;
  const tick = () => {
    countdown.textContent = left > 0 ? texts.waitSeconds.replace("{seconds}", String(left)) : "";
    button.disabled = left > 0;
    if (left <= 0) clearInterval(timer);
    left -= 1;
  };
  const timer = setInterval(tick, 1_000);
  tick();
  return [countdown, button];
}

/** Tells what went wrong, in the visitor's words, where a screen reader hears it at once. */
export function notice(texts: Texts, code: string, { retry, wait }: NoticeOptions = {}): HTMLElement {
  const { title, detail } = code === "disconnected" ? { title: texts.failed, detail: texts.disconnected } : errorText(texts, code);
  const box = element("div", "notice");
  box.setAttribute("role", "alert");
  box.append(element("strong", "", title), element("span", "", detail));
  if (retry !== undefined) box.append(...retryButton(texts, retry, wait ?? 0));
  return box;
}
