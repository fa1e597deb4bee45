import { isUuid } from "../../../shared/uuid.ts";
import type { Sql } from "../../store/db/connect.ts";
import { findDecision } from "../../store/device_authorizations.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { requestGone } from "./errors.tsx";

/** GET /device/done?request=…: the decision, as the database has it. */
export async function showDeviceDone(
  deps: RenderDeps & { sql: Sql },
  c: PageContext,
): Promise<Response> {
  const session = signedInSession(c);
  const id = c.get("query")("request") ?? "";
  const decision = isUuid(id)
    ? await findDecision(deps.sql, { id, sessionId: session.id })
    : undefined;
  if (decision === undefined) return await requestGone(deps, c);
  return decision === "approved" ? await approvedPage(deps, c) : await deniedPage(deps, c);
}

async function approvedPage(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "approved",
    title: "Approved",
    children: (
      <main>
        <div class="mark good" aria-hidden="true">✓</div>
        <h1>Approved</h1>
        <p>You can close this window and return to your terminal.</p>
        <p class="muted small">
          Approved by mistake? <a href="/">Revoke the login</a>.
        </p>
      </main>
    ),
  });
}

async function deniedPage(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "denied",
    title: "Denied",
    children: (
      <main>
        <div class="mark bad" aria-hidden="true">×</div>
        <h1>Denied</h1>
        <p>The request was denied. You can close this window.</p>
        <p class="muted small">If someone sent you the code, report it to your administrator.</p>
      </main>
    ),
  });
}
