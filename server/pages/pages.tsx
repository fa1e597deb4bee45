import { Hono } from "hono";
import { OAuthError } from "../../shared/oauth_error.ts";
import type { AppParts } from "../app_parts.ts";
import { clientAddressReader } from "../client_address.ts";
import { readForm } from "../endpoints/form.ts";
import { requesterOf } from "../endpoints/requester.ts";
import { PasswordChecksBusy } from "../password.ts";
import { placesFrom } from "../places.ts";
import { showApiDocs } from "./api_docs.tsx";
import { readBrowserToken } from "./browser_cookie.ts";
import { currentSession } from "./browser_session.ts";
import { showDevice, submitDevice } from "./device.tsx";
import { showDeviceConfirm, submitDeviceConfirm } from "./device_confirm.tsx";
import { showDeviceDone } from "./device_done.tsx";
import { showDevices, submitEndAllLogins, submitEndLogin, submitEndSession } from "./devices.tsx";
import { showTrust, submitTrust, submitTrustRemoval } from "./admin_trust.tsx";
import { isFromOwnForm } from "./form_token.ts";
import { showHome } from "./home.tsx";
import { type PageEnv, type PageParts, problemPage } from "./page.tsx";
import { SECURITY_HEADERS } from "./security_headers.ts";
import { showSetup, submitSetup } from "./setup.tsx";
import { showSignIn, submitSignIn, submitSignOut } from "./sign_in.tsx";
import { showAllTokens, showTokens } from "./token_list.tsx";
import { showNewToken, submitNewToken } from "./token_new.tsx";
import { showToken } from "./token_page.tsx";
import { showTokenRevocation, submitTokenRevocation } from "./token_revoke.tsx";
import { showRevocationOfAll, submitRevocationOfAll } from "./token_revoke_all.tsx";
import { showTokenRotation, submitTokenRotation } from "./token_rotate.tsx";

/** What people see in a browser: the table of pages, and what holds for each of them. */
export function pages(appParts: AppParts): Hono<PageEnv> {
  const parts: PageParts = {
    ...appParts,
    placeOf: placesFrom(appParts.config.geoipFile, appParts.log),
  };
  const clientAddress = clientAddressReader(parts.config.trustedProxies);
  const routes = new Hono<PageEnv>();

  routes.use(async (c, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value);
    c.set("requester", requesterOf(c, clientAddress));
    c.set("browserToken", readBrowserToken(parts, c));
    c.set("session", await currentSession(parts, c.get("browserToken")));
    await next();
  });
  // Every POST there is or will be: no page can forget the check.
  routes.post("*", async (c, next) => {
    const form = await readForm(c.req.raw);
    if (form instanceof OAuthError) {
      return await problemPage(parts, c, {
        title: "This form cannot be read",
        status: 400,
        children: <p>{form.message}</p>,
      });
    }
    if (!isFromOwnForm(parts, c, form)) {
      return await problemPage(parts, c, {
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

  routes.get("/", (c) => showHome(parts, c));
  routes.get("/devices", (c) => showDevices(parts, c));
  routes.post("/logins/end", (c) => submitEndLogin(parts, c));
  routes.post("/logins/end-all", (c) => submitEndAllLogins(parts, c));
  routes.post("/sessions/end", (c) => submitEndSession(parts, c));
  routes.get("/tokens", (c) => showTokens(parts, c));
  routes.get("/tokens/new", (c) => showNewToken(parts, c));
  routes.post("/tokens/new", (c) => submitNewToken(parts, c));
  routes.get("/tokens/:id", (c) => showToken(parts, c));
  routes.get("/tokens/:id/rotate", (c) => showTokenRotation(parts, c));
  routes.post("/tokens/:id/rotate", (c) => submitTokenRotation(parts, c));
  routes.get("/tokens/:id/revoke", (c) => showTokenRevocation(parts, c));
  routes.post("/tokens/:id/revoke", (c) => submitTokenRevocation(parts, c));
  routes.get("/admin/tokens", (c) => showAllTokens(parts, c));
  routes.get("/admin/tokens/revoke", (c) => showRevocationOfAll(parts, c));
  routes.post("/admin/tokens/revoke", (c) => submitRevocationOfAll(parts, c));
  routes.get("/setup", (c) => showSetup(parts, c));
  routes.post("/setup", (c) => submitSetup(parts, c));
  routes.get("/signin", (c) => showSignIn(parts, c));
  routes.post("/signin", (c) => submitSignIn(parts, c));
  routes.post("/signout", (c) => submitSignOut(parts, c));
  routes.get("/device", (c) => showDevice(parts, c));
  routes.post("/device", (c) => submitDevice(parts, c));
  routes.get("/device/confirm", (c) => showDeviceConfirm(parts, c));
  routes.post("/device/confirm", (c) => submitDeviceConfirm(parts, c));
  routes.get("/api/docs", (c) => showApiDocs(parts, c));
  routes.get("/admin/trust", (c) => showTrust(parts, c));
  routes.post("/admin/trust", (c) => submitTrust(parts, c));
  routes.post("/admin/trust/remove", (c) => submitTrustRemoval(parts, c));
  routes.get("/device/done", (c) => showDeviceDone(parts, c));
  routes.all("*", (c) =>
    problemPage(parts, c, {
      title: "There is no such page",
      status: 404,
      children: (
        <p>
          Look at the address again, or <a href="/">go to the start page</a>.
        </p>
      ),
    }));

  routes.onError((error, c) => {
    const busy = error instanceof PasswordChecksBusy;
    parts.log(busy ? "warn" : "error", "page_failed", {
      path: c.req.path,
      error: error.name,
      reason: error.message,
    });
    c.header("Retry-After", "5");
    return problemPage(parts, c, {
      title: busy ? "Many people are signing in" : "The server has trouble",
      status: 503,
      children: <p>Try again in a few seconds. Nothing was changed.</p>,
    });
  });
  return routes;
}
