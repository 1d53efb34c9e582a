import { faultText, type Texts } from "../texts.ts";
import type { Fault } from "./requests.ts";

function controlOf(form: HTMLFormElement, name: string): HTMLElement | null {
  const control = form.elements.namedItem(name);
  return control instanceof HTMLElement ? control : null;
}

function mark(form: HTMLFormElement, name: string, text: string): HTMLElement | null {
  const control = controlOf(form, name);
  const place = document.getElementById(`fault-${name}`);
  if (place !== null) place.textContent = text;
  if (text === "") control?.removeAttribute("aria-invalid");
  else control?.setAttribute("aria-invalid", "true");
  return control;
}

/** Takes all marks away. */
export function clearFaults(form: HTMLFormElement): void {
  for (const control of form.elements) {
    if (control instanceof HTMLElement && control.hasAttribute("aria-invalid")) mark(form, control.getAttribute("name") ?? "", "");
  }
}

/** Marks the fields that were refused and leads to the first of them. */
export function showFaults(form: HTMLFormElement, faults: readonly Fault[], texts: Texts): void {
  const marked = faults.map((fault) => mark(form, fault.path.replace(/^inputs\./, ""), faultText(texts, fault)));
  marked.find((control) => control !== null)?.focus();
}

/** Ctrl or Cmd with Enter sends from anywhere; in a chat, Enter alone does, but never while a word is being composed. */
export function sendByKeyboard(form: HTMLFormElement, chatInput: string | null): void {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const { target } = event;
    const inChat = target instanceof HTMLTextAreaElement && target.name === chatInput && !event.shiftKey;
    if (!inChat && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
