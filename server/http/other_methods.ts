import type { Context, Env, Hono } from "hono";

/** Answers to methods that a path does not take; `allow` is the value of the Allow header. */
export type MethodRefusal<E extends Env> = (
  c: Context<E>,
  allow: string,
) => Response | Promise<Response>;

/**
 * Answers all other methods of the paths that `routes` has handlers for, so that no path can
 * be added whose 405 lacks the Allow header (RFC 9110 section 15.5.6). Call it after the last
 * of them, and before any route that catches all paths. Routes of all methods are left out.
 */
export function refuseOtherMethods<E extends Env>(routes: Hono<E>, refuse: MethodRefusal<E>): void {
  const allowed = new Map<string, Set<string>>();
  for (const { method, path } of routes.routes) {
    if (method === "ALL" || path.includes("*")) continue;
    const methods = allowed.get(path) ?? new Set();
    allowed.set(path, methods.add(method));
    // Hono answers HEAD by the handler of GET.
    if (method === "GET") methods.add("HEAD");
  }
  for (const [path, methods] of allowed) {
    const allow = [...methods].join(", ");
    routes.all(path, (c) => refuse(c, allow));
  }
}
