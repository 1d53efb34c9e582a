import { AppPage } from "./app-page.tsx";
import { MessagePage, type MessageView } from "./message-page.tsx";
import type { AppView } from "./view.ts";

const DOCTYPE = "<!doctype html>";

/** An app's page as HTML. */
export function renderAppPage(view: AppView): string {
  return `${DOCTYPE}${<AppPage view={view} />}`;
}

/** A page about an error as HTML. */
export function renderMessagePage(view: MessageView): string {
  return `${DOCTYPE}${<MessagePage view={view} />}`;
}
