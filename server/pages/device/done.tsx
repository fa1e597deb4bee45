import { findDecision } from "../../store/device_authorizations.ts";
import { signedInSession } from "../http/browser_session.ts";
import { requestGone, uuid } from "./confirm.tsx";
import { page, type PageContext, type PageParts } from "../render.tsx";

/** GET /device/done?request=…: what was decided, as it stands in the database. */
export async function showDeviceDone(parts: PageParts, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const id = uuid(c.req.query("request"));
  const decision = id && await findDecision(parts.sql, { id, sessionId: session.id });
  if (!decision) return await requestGone(parts, c);
  return decision === "approved"
    ? await page(parts, c, {
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
    : await page(parts, c, {
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
