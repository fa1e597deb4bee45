import type { Context, Env, Hono } from "hono";

/** How long a browser may cache the response to a preflight, in seconds. */
const PREFLIGHT_MAX_AGE = 86_400;

/**
 * Routes a public document that scripts of any origin may fetch. Browsers send a preflight
 * (OPTIONS, Fetch standard section 4.8) if the script adds a header.
 */
export function publicDocument<E extends Env>(
  routes: Hono<E>,
  path: string,
  load: (c: Context<E>) => Response | Promise<Response>,
): void {
  routes.get(path, async (c) => {
    const response = await load(c);
    response.headers.set("access-control-allow-origin", "*");
    return response;
  });
  routes.options(path, () =>
    new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "*",
        "access-control-max-age": String(PREFLIGHT_MAX_AGE),
        "allow": "GET, HEAD, OPTIONS",
      },
    }));
}
