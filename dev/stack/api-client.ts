import { z } from "zod";

/** A signed-in caller of the members' API: what a browser would send, without the browser. */
export interface ApiClient {
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
}

export interface Account {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** Signs in, making the account first where there is none. */
export async function signIn(origin: string, account: Account): Promise<ApiClient> {
  const { name, email, password } = account;
  const headers = { "content-type": "application/json", origin };
  const attempt = (path: string, body: object) =>
    fetch(`${origin}/api/auth/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  let response = await attempt("sign-in/email", { email, password });
  if (!response.ok) {
    await response.body?.cancel();
    response = await attempt("sign-up/email", { name, email, password });
  }
  if (!response.ok) throw new Error(`Signing up ${email} failed: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");

  async function call<T>(method: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { ...headers, cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} failed: ${answer.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }

  return {
    get: (path, schema) => call("GET", path, undefined, schema),
    post: (path, body, schema) => call("POST", path, body, schema),
  };
}

export const listOf = <T>(item: z.ZodType<T>) => z.object({ data: z.array(item) });
export const dataOf = <T>(item: z.ZodType<T>) => z.object({ data: item });
