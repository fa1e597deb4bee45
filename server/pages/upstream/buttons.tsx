import { upstreamPath } from "../../identity_providers/redirect_uri.ts";
import { providerTitle } from "../../identity_providers/templates.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listIdentities } from "../../store/identities.ts";
import { listEnabledProviders } from "../../store/identity_providers.ts";
import type { PageContext } from "../context.ts";
import { ACR_PARAMETER } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import type { RenderDeps } from "../render.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";

/**
 * The buttons of the sign-in page for identity providers, and whether one is required for a mail
 * domain; undefined without any.
 */
export async function providerButtons(
  deps: RenderDeps & { sql: Sql },
  c: PageContext,
  { next, again = false, requiredAcr }: { next: string; again?: boolean; requiredAcr?: string },
) {
  const enabled = await listEnabledProviders(deps.sql);
  const session = c.get("session");
  // Who signs in again needs an account that is linked already.
  const linked = again && session !== undefined
    ? (await listIdentities(deps.sql, { userId: session.user.id })).map(({ provider }) => provider)
    : undefined;
  const offered = enabled.filter(({ name }) => linked === undefined || linked.includes(name));
  if (enabled.length === 0) return undefined;
  const token = csrfToken(deps, c);
  const fields = {
    next,
    ...again && { again: "1" },
    ...requiredAcr !== undefined && { [ACR_PARAMETER]: requiredAcr },
  };
  const buttons = (
    <div class="providers">
      {offered.map((provider) => (
        <form method="post" action={upstreamPath(provider.name)} data-provider={provider.name}>
          <CsrfField token={token} />
          <HiddenFields fields={fields} />
          <button type="submit" class="provider">Continue with {providerTitle(provider)}</button>
        </form>
      ))}
    </div>
  );
  return { buttons, hasRequired: enabled.some(({ required }) => required) };
}
