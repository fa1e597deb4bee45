import type { Clock } from "../../../shared/clock.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { deleteConsent, findConsent } from "../../store/consents.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { applicationName } from "./consents.tsx";

const BACK = "/devices";

interface WithdrawConsentDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
}

/** GET /consents/withdraw?client=… */
export async function showWithdrawConsent(
  deps: WithdrawConsentDeps,
  c: PageContext,
): Promise<Response> {
  const clientId = c.get("query")("client") ?? "";
  const consent = await findConsent(deps.sql, { userId: signedInSession(c).user.id, clientId });
  if (consent === undefined) return alreadyWithdrawn(deps, c);
  return await confirmationPage(deps, c, {
    name: "withdraw_consent",
    title: "Withdraw this approval?",
    breadcrumbs: [{ path: BACK, label: "Logins" }],
    fields: { client: clientId },
    confirm: "Withdraw approval",
    cancelPath: BACK,
    children: (
      <p>
        <strong>
          <UntrustedText text={await applicationName(deps.sql, consent)} />
        </strong>{" "}
        has to ask you when it logs in the next time. Its present logins stay valid: revoke them
        under <a href={BACK}>Logins</a>.
      </p>
    ),
  });
}

/** POST /consents/withdraw */
export async function submitWithdrawConsent(
  deps: WithdrawConsentDeps,
  c: PageContext,
): Promise<Response> {
  const { sql, clock } = deps;
  const userId = signedInSession(c).user.id;
  const clientId = c.get("form")("client") ?? "";
  if (!await deleteConsent(sql, { userId, clientId })) return alreadyWithdrawn(deps, c);
  await recordAuditEvent(sql, clock, {
    event: "consent.withdrawn",
    actor: userId,
    address: c.get("requester").address,
    details: { client_id: clientId },
  });
  setNotice(deps, c, {
    code: "consent_withdrawn",
    text: "The application will ask you at its next login.",
  });
  return c.redirect(BACK, 303);
}

function alreadyWithdrawn(deps: RenderDeps, c: PageContext): Response {
  setNotice(deps, c, {
    code: "consent_already_withdrawn",
    text: "This approval has already been withdrawn.",
  });
  return c.redirect(BACK, 303);
}
