import type { Env } from "../../shared/platform/env.ts";
import product from "../../workers/index.ts";

export * from "../../workers/index.ts";

/*
 * The product with its visitors' calls of objects counted, from outside: the product itself does not know. `GET /__calls` gives
 * how many there have been since it was last asked, by binding.
 */

const OBJECTS = ["RATE_LIMITER", "QUOTA_COUNTER", "RECORDER", "DURABLE_RUN", "RUN_GATE", "DATABASE_POOL"] as const;

const calls = new Map<string, number>();
/** One an isolate: what the product remembers hangs on its namespaces. */
let counted: Env | undefined;

export default {
  ...product,
  async fetch(request: Request, env: Env, execution: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname === "/__calls") return tell();
    counted ??= withCounts(env);
    return product.fetch(request, counted, execution);
  },
};

function tell(): Response {
  const told = Object.fromEntries(OBJECTS.map((name) => [name, calls.get(name) ?? 0]));
  calls.clear();
  return Response.json(told);
}

function withCounts(env: Env): Env {
  return { ...env, ...Object.fromEntries(OBJECTS.map((name) => [name, countedNamespace(name, env[name])])) };
}

/** Namespaces give objects, or a namespace of a jurisdiction. */
function countedNamespace<T extends object>(name: string, namespace: T): T {
  return new Proxy(namespace, {
    get: (target, property) => {
      const method = Reflect.get(target, property);
      if (typeof method !== "function") return method;
      return (...given: unknown[]) => {
        const found = Reflect.apply(method, target, given);
        if (property === "jurisdiction") return countedNamespace(name, found);
        return property === "getByName" ? countedStub(name, found) : found;
      };
    },
  });
}

function countedStub<T extends object>(name: string, stub: T): T {
  return new Proxy(stub, {
    get: (target, property) => {
      // Who hands a stub on as a promise's value asks whether it is one.
      if (property === "then") return undefined;
      const method = Reflect.get(target, property);
      if (typeof method !== "function") return method;
      return (...given: unknown[]) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return Reflect.apply(method, target, given);
      };
    },
  });
}
