import { AppError, notFound } from "#platform/errors";

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Why no route fits: the address is unknown, or it has other methods. Paths are Hono's, such as `/apps/:id`. */
export function unroutable(routes: readonly Route[], method: string, pathname: string): AppError {
  const fitting = routes.filter((route) => route.method !== "ALL" && pathPattern(route.path).test(pathname));
  const allowed = [...new Set(fitting.map((route) => route.method))].sort();
  if (allowed.length === 0 || allowed.includes(method)) return notFound("The address");
  return new AppError("method_not_allowed", `${method} is not possible here.`, { headers: { Allow: allowed.join(", ") } });
}

function pathPattern(path: string): RegExp {
  const segments = path.split("/").map((segment) => (segment.startsWith(":") ? "[^/]+" : segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${segments.join("/")}$`);
}
