import { Hono } from "hono";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { SharedExamination } from "../admin/doctor/shared_examination.ts";
import { clientAddressReader } from "../http/client_ip.ts";
import { clientInfoOf } from "../http/client_info.ts";
import { readForm } from "../http/form.ts";
import { logFailure, requestFields } from "../request_log.ts";
import { geoipLookup } from "../geoip.ts";
import { DomainError } from "../domain_error.ts";
import type { PageEnv } from "./context.ts";
import { currentSession } from "./http/browser_session.ts";
import { checkAccess } from "./http/check_access.ts";
import { verifyCsrf } from "./http/csrf.ts";
import { errorPage, type PageError, toPageError } from "./http/error_page.tsx";
import type { PageDeps } from "./http/page_route.ts";
import { queryParameters } from "./http/query.ts";
import { SECURITY_HEADERS } from "./http/security_headers.ts";
import { readSessionCookie } from "./http/session_cookie.ts";
import { pageRoutes } from "./routes.ts";

const RETRY_AFTER_SECONDS = 5;

/** Serves the table of pages, with what all of them have in common. */
export function pagesRouter(appDeps: Omit<PageDeps, "placeOf" | "health">): Hono<PageEnv> {
  const { config, log } = appDeps;
  const deps: PageDeps = {
    ...appDeps,
    placeOf: geoipLookup(config.geoipFile, log),
    health: new SharedExamination(appDeps),
  };
  const clientAddress = clientAddressReader(config.trustedProxies);
  const routes = new Hono<PageEnv>();

  routes.use(async (c, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value);
    c.set("query", queryParameters(c));
    c.set("requester", clientInfoOf(c, clientAddress));
    c.set("browserToken", readSessionCookie(deps, c));
    c.set("session", await currentSession(deps, c.get("browserToken")));
    await next();
  });
  // For every POST, so that no page can forget the CSRF check.
  routes.post("*", async (c, next) => {
    const form = await readForm(c.req.raw, { from: () => c.get("requester").address });
    if (form instanceof OAuthError) return await errorPage(deps, c, unreadableForm(form));
    if (!verifyCsrf(deps, c, form)) return await errorPage(deps, c, csrfFailure());
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
  routes.all("*", (c) => errorPage(deps, c, pageNotFound()));

  routes.onError((error, c) => {
    if (error instanceof DomainError && error.code === "managed_by_file") {
      return errorPage(deps, c, toPageError(error));
    }
    const busy = error instanceof DomainError && error.code === "unavailable";
    const fields = requestFields(c.req.raw);
    if (busy) log("warn", "page_failed", { ...fields, error: error.name, reason: error.message });
    else logFailure(log, "page_failed", error, fields);
    return errorPage(deps, c, {
      code: "unavailable",
      id: busy ? "busy" : "internal_error",
      title: busy ? "The server is busy" : "Something went wrong",
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      children: (
        <p>
          {busy
            ? "Too many users are signing in at the moment. "
            : "The server has an internal problem. "}
          Nothing was changed. Try again in a few seconds.
        </p>
      ),
    });
  });
  return routes;
}

function unreadableForm({ code, message }: OAuthError): PageError {
  return {
    code: code === "temporarily_unavailable" ? "unavailable" : "malformed",
    id: "unreadable_form",
    title: "The form could not be read",
    children: <p>{message}</p>,
  };
}

function csrfFailure(): PageError {
  return {
    code: "forbidden",
    id: "csrf",
    title: "This form has expired",
    children: (
      <>
        <p>
          Nothing was changed. You may have signed in or out in another tab, or your browser blocks
          cookies. Signing in requires cookies.
        </p>
        <p>
          Go back, reload the page and try again, or <a href="/">go to the start page</a>.
        </p>
      </>
    ),
  };
}

function pageNotFound(): PageError {
  return {
    code: "not_found",
    id: "page_not_found",
    title: "Page not found",
    children: (
      <p>
        Check the address, or <a href="/">go to the start page</a>.
      </p>
    ),
  };
}
