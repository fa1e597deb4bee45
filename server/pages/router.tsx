import { Hono } from "hono";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { AppParts } from "../app_parts.ts";
import { clientAddressReader } from "../http/client_ip.ts";
import { readForm } from "../http/form.ts";
import { clientInfoOf } from "../http/client_info.ts";
import { DomainError } from "../domain_error.ts";
import { geoipLookup } from "../geoip.ts";
import { readSessionCookie } from "./http/session_cookie.ts";
import { currentSession } from "./http/browser_session.ts";
import { verifyCsrf } from "./http/csrf.ts";
import { errorPage, type PageDeps, type PageEnv } from "./render.tsx";
import { checkAccess } from "./http/page_route.ts";
import { pageRoutes } from "./routes.ts";
import { SECURITY_HEADERS } from "./http/security_headers.ts";

/** What people see in a browser: serves the table of pages, with what holds for each of them. */
export function pagesRouter(appDeps: AppParts): Hono<PageEnv> {
  const deps: PageDeps = {
    ...appDeps,
    placeOf: geoipLookup(appDeps.config.geoipFile, appDeps.log),
  };
  const clientAddress = clientAddressReader(deps.config.trustedProxies);
  const routes = new Hono<PageEnv>();

  routes.use(async (c, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value);
    c.set("requester", clientInfoOf(c, clientAddress));
    c.set("browserToken", readSessionCookie(deps, c));
    c.set("session", await currentSession(deps, c.get("browserToken")));
    await next();
  });
  // Every POST there is or will be: no page can forget the check.
  routes.post("*", async (c, next) => {
    const form = await readForm(c.req.raw, { from: () => c.get("requester").address });
    if (form instanceof OAuthError) {
      return await errorPage(deps, c, {
        title: "This form cannot be read",
        status: form.code === "temporarily_unavailable" ? 503 : 400,
        children: <p>{form.message}</p>,
      });
    }
    if (!verifyCsrf(deps, c, form)) {
      return await errorPage(deps, c, {
        title: "This form is out of date",
        status: 403,
        children: (
          <>
            <p>
              Nothing was done. You may have signed in or out in another tab, or the browser keeps
              no cookies for this server; they are needed to sign in.
            </p>
            <p>
              Go back, reload the page and try again, or <a href="/">start over</a>.
            </p>
          </>
        ),
      });
    }
    c.set("form", form);
    await next();
  });

  for (const route of pageRoutes) {
    routes.on(
      route.method,
      route.path,
      async (c) => await checkAccess(deps, c, route) ?? await route.handle(deps, c),
    );
  }
  routes.all("*", (c) =>
    errorPage(deps, c, {
      title: "There is no such page",
      status: 404,
      children: (
        <p>
          Look at the address again, or <a href="/">go to the start page</a>.
        </p>
      ),
    }));

  routes.onError((error, c) => {
    const busy = error instanceof DomainError && error.code === "unavailable";
    deps.log(busy ? "warn" : "error", "page_failed", {
      path: c.req.path,
      error: error.name,
      reason: error.message,
    });
    c.header("Retry-After", "5");
    return errorPage(deps, c, {
      title: busy ? "Many people are signing in" : "The server has trouble",
      status: 503,
      children: <p>Try again in a few seconds. Nothing was changed.</p>,
    });
  });
  return routes;
}
