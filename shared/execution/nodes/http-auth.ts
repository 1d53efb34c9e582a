import { z } from "zod";
import type { NodeIo } from "./node.ts";

const text = z.string().max(20_000);
const name = z.string().min(1).max(200);

/** How a request says whose it is; the values usually come from secrets. */
export const authSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("bearer"), token: text }),
  z.strictObject({ type: z.literal("basic"), username: text, password: text }),
  z.strictObject({ type: z.literal("header"), name, value: text }),
  z.strictObject({ type: z.literal("query"), name, value: text }),
]);
export type Auth = z.infer<typeof authSchema>;

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** Credentials as the request carries them. Spellings of a secret that nobody else knows of are hidden. */
export function credentialsOf(auth: Auth | undefined, { hide }: Pick<NodeIo, "hide">): Credentials {
  switch (auth?.type) {
    case undefined:
      return { headers: {}, query: {} };
    case "bearer":
      return { headers: { authorization: `Bearer ${auth.token}` }, query: {} };
    case "header":
      return { headers: { [auth.name]: auth.value }, query: {} };
    case "query":
      hide(auth.value);
      return { headers: {}, query: { [auth.name]: auth.value } };
    case "basic": {
      const bytes = new TextEncoder().encode(`${auth.username}:${auth.password}`);
      const credentials = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
      hide(credentials);
      return { headers: { authorization: `Basic ${credentials}` }, query: {} };
    }
  }
}
