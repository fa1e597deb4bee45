import type { Context, Env, Hono } from "hono";

/** Responds to a method that a path does not support; `allow` is the value of the Allow header. */
export type MethodNotAllowed<E extends Env> = (
  c: Context<E>,
  allow: string,
) => Response | Promise<Response>;

/**
 * Routes the other methods of all paths that `routes` has, so that no path can be added whose 405
 * lacks the Allow header (RFC 9110 section 15.5.6). Call it after the last of them and before any
 * catch-all route. Routes for all methods are skipped.
 */
export function routeOtherMethods<E extends Env>(
  routes: Hono<E>,
  methodNotAllowed: MethodNotAllowed<E>,
): void {
  const allowed = new Map<string, Set<string>>();
  for (const { method, path } of routes.routes) {
    if (method === "ALL" || path.includes("*")) continue;
    const methods = allowed.get(path) ?? new Set();
    allowed.set(path, methods.add(method));
    // Hono handles HEAD with the handler of GET.
    if (method === "GET") methods.add("HEAD");
  }
  for (const [path, methods] of allowed) {
    const allow = [...methods].join(", ");
    routes.all(path, (c) => methodNotAllowed(c, allow));
  }
}
