import { findDecision } from "../../store/device_authorizations.ts";
import { signedInSession } from "../http/browser_session.ts";
import { requestGone, uuid } from "./confirm.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";

/** GET /device/done?request=…: what was decided, as it stands in the database. */
export async function showDeviceDone(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const id = uuid(c.req.query("request"));
  const decision = id && await findDecision(deps.sql, { id, sessionId: session.id });
  if (!decision) return await requestGone(deps, c);
  return decision === "approved"
    ? await renderPage(deps, c, {
      title: "Approved",
      children: (
        <main>
          <div class="mark good" aria-hidden="true">✓</div>
          <h1>Approved</h1>
          <p>
            You can close this window and go back to your terminal. It goes on in a few seconds.
          </p>
          <p class="quiet small">
            Was it a mistake? <a href="/">End the login</a> under your logins.
          </p>
        </main>
      ),
    })
    : await renderPage(deps, c, {
      title: "Denied",
      children: (
        <main>
          <div class="mark bad" aria-hidden="true">×</div>
          <h1>Denied</h1>
          <p>Nobody was logged in. You can close this window.</p>
          <p class="quiet small">
            If somebody sent you the code, tell whoever looks after your accounts.
          </p>
        </main>
      ),
    });
}
