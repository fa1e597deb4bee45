import type { Clock } from "../../../../shared/clock.ts";
import type { Sql } from "../../../store/db/connect.ts";
import { findSecondFactors } from "../../../store/second_factors.ts";
import { findTotpAuthenticator } from "../../../store/totp_authenticators.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { csrfToken } from "../../http/csrf.ts";
import { type RenderDeps, renderPage } from "../../render.tsx";
import type { PageContext } from "../../context.ts";
import { PageHeading } from "../../ui/page_heading.tsx";
import { linkedAccountsSection } from "../../upstream/linked_accounts.tsx";
import { AppSection } from "./app_section.tsx";
import { passkeysSection } from "../passkeys/section.tsx";
import { passwordSection } from "./password_section.tsx";
import { RecoveryCodesSection } from "./recovery_codes_section.tsx";

interface SecurityDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
}

/** GET /account/security: how the user signs in, a section for each method. */
export async function showSecurity(deps: SecurityDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  const app = await findTotpAuthenticator(deps.sql, user.id);
  const factors = await findSecondFactors(deps.sql, user.id);
  return await renderPage(deps, c, {
    name: "security",
    title: "Sign-in methods",
    breadcrumbs: [{ path: "/", label: "Overview" }],
    children: (
      <main class="wide">
        <PageHeading
          title="Sign-in methods"
          lead="How you prove that it is you."
        />
        {passwordSection(user)}
        {await passkeysSection(deps, user)}
        <AppSection app={app} csrfToken={csrfToken(deps, c)} now={deps.clock.now()} />
        <RecoveryCodesSection factors={factors} />
        {await linkedAccountsSection(deps, c)}
      </main>
    ),
  });
}
