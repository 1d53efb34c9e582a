import { AppPage } from "./app-page.tsx";
import { KeyPage, type KeyView, PasswordPage, type PasswordView } from "./entry-pages.tsx";
import { MessagePage, type MessageView } from "./message-page.tsx";
import type { AppView } from "./view.ts";

const DOCTYPE = "<!doctype html>";

/** An app's page as HTML. */
export function renderAppPage(view: AppView): string {
  return `${DOCTYPE}${<AppPage view={view} />}`;
}

/** The page that asks for an app's password, as HTML. */
export function renderPasswordPage(view: PasswordView): string {
  return `${DOCTYPE}${<PasswordPage view={view} />}`;
}

/** The page of an app that is for programs, as HTML. */
export function renderKeyPage(view: KeyView): string {
  return `${DOCTYPE}${<KeyPage view={view} />}`;
}

/** A page that says one thing, such as what went wrong, as HTML. */
export function renderMessagePage(view: MessageView): string {
  return `${DOCTYPE}${<MessagePage view={view} />}`;
}
