import { createRecoveryCodes, type ManageFactorsDeps } from "../../../sign_in/manage_factors.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { type RenderDeps, renderPage } from "../../render.tsx";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { RecoveryCodes } from "../../ui/recovery_codes.tsx";
import { SECURITY_PATH, securityCrumbs } from "./paths.ts";

type RecoveryCodesDeps = RenderDeps & ManageFactorsDeps;

/** GET /account/security/recovery-codes */
export async function showCreateRecoveryCodes(
  deps: RecoveryCodesDeps,
  c: PageContext,
): Promise<Response> {
  return await confirmationPage(deps, c, {
    name: "create_recovery_codes",
    title: "Create new recovery codes?",
    breadcrumbs: securityCrumbs,
    fields: {},
    confirm: "Create codes",
    cancelPath: SECURITY_PATH,
    harmless: true,
    children: <p>The codes that you have now stop working.</p>,
  });
}

/** POST /account/security/recovery-codes */
export async function submitCreateRecoveryCodes(
  deps: RecoveryCodesDeps,
  c: PageContext,
): Promise<Response> {
  const { user } = signedInSession(c);
  const { address } = c.get("requester");
  const codes = await createRecoveryCodes(deps, { user, address });
  if (codes === undefined) return c.redirect(SECURITY_PATH, 303);
  return await recoveryCodesPage(deps, c, {
    codes,
    lead: "Your old recovery codes stopped working.",
  });
}

/** The response to the POST that created the codes: only their hashes are stored. */
export async function recoveryCodesPage(
  deps: RenderDeps,
  c: PageContext,
  { codes, lead }: { codes: readonly string[]; lead: string },
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "recovery_codes",
    title: "Save your recovery codes",
    breadcrumbs: securityCrumbs,
    children: (
      <main class="wide">
        <h1>Save your recovery codes</h1>
        <p>{lead}</p>
        <RecoveryCodes codes={codes} />
        <p>
          <a class="button main" href={SECURITY_PATH}>I have saved the codes</a>
        </p>
      </main>
    ),
  });
}
