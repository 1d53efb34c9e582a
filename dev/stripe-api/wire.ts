import type { ApiAnswer } from "../api-double.ts";

/** Parameters as Stripe takes them, `a[b][0]=c`, in their nested form. Every value is a text. */
export interface Parameters {
  readonly [name: string]: string | Parameters;
}

interface Tree {
  [name: string]: string | Tree;
}

/** Reads a body or a query in `application/x-www-form-urlencoded`. */
export function readForm(pairs: URLSearchParams): Parameters {
  const root: Tree = {};
  for (const [name, value] of pairs) {
    const path = name.split(/[[\]]+/).filter((part) => part !== "");
    const last = path.pop() ?? "";
    branch(root, path)[last] = value;
  }
  return root;
}

function branch(root: Tree, path: readonly string[]): Tree {
  let place = root;
  for (const part of path) {
    const known = place[part];
    const next = typeof known === "object" ? known : {};
    place[part] = next;
    place = next;
  }
  return place;
}

export function textAt(form: Parameters, name: string): string | undefined {
  const value = form[name];
  return typeof value === "string" ? value : undefined;
}

/** What stands under a name, or its items, where it is a list. */
export function formAt(form: Parameters, name: string): Parameters {
  const value = form[name];
  return typeof value === "object" ? value : {};
}

export function itemsAt(form: Parameters, name: string): Parameters[] {
  return Object.values(formAt(form, name)).filter((item) => typeof item === "object");
}

export function textsAt(form: Parameters, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(formAt(form, name)).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** An error as Stripe's API tells it (https://docs.stripe.com/api/errors). */
export function failure(status: number, message: string, code = "", type = "invalid_request_error"): ApiAnswer {
  return { status, body: { error: { type, message, ...(code !== "" && { code }) } } };
}

export function list(data: readonly unknown[], url: string): ApiAnswer {
  return { status: 200, body: { object: "list", url, has_more: false, data } };
}
