import { unlinkIdentity } from "../../identity_providers/unlink_identity.ts";
import { providerTitle } from "../../identity_providers/templates.ts";
import { DomainError } from "../../domain_error.ts";
import type { Clock } from "../../../shared/clock.ts";
import { isUuid } from "../../../shared/uuid.ts";
import type { Sql } from "../../store/db/connect.ts";
import { findIdentity, type Identity, listIdentities } from "../../store/identities.ts";
import {
  findIdentityProvider,
  type IdentityProvider,
  listIdentityProviders,
} from "../../store/identity_providers.ts";
import { SECURITY_PATH } from "../account/security/paths.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage, toPageError } from "../http/error_page.tsx";
import { setNotice } from "../http/notice.ts";
import type { PageDeps } from "../http/page_route.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { CsrfField } from "../ui/hidden_fields.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { goToProvider } from "./go_to_provider.tsx";

const LINK_PATH = `${SECURITY_PATH}/link`;
const UNLINK_PATH = `${SECURITY_PATH}/unlink`;
const CRUMBS = [{ path: SECURITY_PATH, label: "Sign-in methods" }];

/** The section of /account/security with the accounts at identity providers; undefined without any. */
export async function linkedAccountsSection(
  deps: RenderDeps & { sql: Sql; clock: Clock },
  c: PageContext,
) {
  const { user } = signedInSession(c);
  const known = await listIdentityProviders(deps.sql);
  const providers = known.filter(({ disabledAt }) => disabledAt === undefined);
  const identities = await listIdentities(deps.sql, { userId: user.id });
  if (providers.length === 0 && identities.length === 0) return undefined;
  const token = csrfToken(deps, c);
  const now = deps.clock.now();
  const titles = new Map(known.map((provider) => [provider.name, provider]));
  return (
    <section id="linked-accounts">
      <h2>Linked accounts</h2>
      {identities.length === 0
        ? <p>No accounts of identity providers are linked.</p>
        : (
          <ul class="logins">
            {identities.map((identity) => (
              <li data-identity={identity.id}>
                <p>
                  <strong>{titleOf(identity, titles.get(identity.provider))}</strong>{" "}
                  <AccountName identity={identity} />
                </p>
                <p class="muted small">
                  {identity.lastSignedInAt === undefined ? "Not used to sign in yet" : (
                    <>
                      Last used <TimeAgo at={identity.lastSignedInAt} now={now} />
                    </>
                  )}
                </p>
                <form method="get" action={UNLINK_PATH}>
                  <input type="hidden" name="identity" value={identity.id} />
                  <button type="submit">
                    Unlink
                    <span class="hidden">
                      {` ${titleOf(identity, titles.get(identity.provider))}`}
                    </span>
                  </button>
                </form>
              </li>
            ))}
          </ul>
        )}
      {providers.map((provider) => (
        <form method="post" action={LINK_PATH} data-link={provider.name}>
          <CsrfField token={token} />
          <input type="hidden" name="provider" value={provider.name} />
          <button type="submit">Link an account of {providerTitle(provider)}</button>
        </form>
      ))}
    </section>
  );
}

function titleOf({ provider }: Identity, known: IdentityProvider | undefined): string {
  return known === undefined ? provider : providerTitle(known);
}

function AccountName({ identity }: { identity: Identity }) {
  const { email, claims, subject } = identity;
  return <UntrustedText text={email ?? claims.username ?? claims.name ?? subject} max={100} />;
}

/** POST /account/security/link */
export async function submitLinkAccount(deps: PageDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  const provider = await findIdentityProvider(deps.sql, c.get("form")("provider") ?? "");
  if (provider === undefined || provider.disabledAt !== undefined) {
    setNotice(deps, c, {
      code: "provider_not_found",
      text: "This identity provider was removed or disabled.",
      problem: true,
    });
    return c.redirect(SECURITY_PATH, 303);
  }
  return await goToProvider(deps, c, provider, {
    purpose: "link",
    next: SECURITY_PATH,
    userId: user.id,
    fresh: false,
  });
}

/** GET /account/security/unlink?identity=… */
export async function showUnlinkAccount(deps: PageDeps, c: PageContext): Promise<Response> {
  const identity = await findOwnIdentity(deps, c, c.get("query")("identity"));
  if (identity instanceof Response) return identity;
  const provider = await findIdentityProvider(deps.sql, identity.provider);
  const title = titleOf(identity, provider);
  return await confirmationPage(deps, c, {
    name: "unlink_account",
    title: "Unlink this account?",
    breadcrumbs: CRUMBS,
    fields: { identity: identity.id },
    confirm: "Unlink account",
    cancelPath: SECURITY_PATH,
    children: (
      <>
        <p>
          <strong>{title}</strong> <AccountName identity={identity} />
        </p>
        <ul>
          <li>You can no longer sign in with it, until you link it again.</li>
          <li>Browsers in which you signed in with it are signed out, except for this one.</li>
          {provider?.groupsClaim !== undefined && (
            <li>You lose the groups that {title} says you are in.</li>
          )}
        </ul>
      </>
    ),
  });
}

/** POST /account/security/unlink */
export async function submitUnlinkAccount(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const identity = await findOwnIdentity(deps, c, c.get("form")("identity"));
  if (identity instanceof Response) return identity;
  const unlinked = await unlinkIdentity(deps, {
    identity,
    exceptSession: session.id,
    actor: session.user.id,
    address: c.get("requester").address,
  });
  if (unlinked instanceof DomainError) {
    return await errorPage(
      deps,
      c,
      toPageError(unlinked, { title: "The account was not unlinked" }),
    );
  }
  setNotice(deps, c, { code: "identity_unlinked", text: "Unlinked the account." });
  return c.redirect(SECURITY_PATH, 303);
}

async function findOwnIdentity(
  deps: PageDeps,
  c: PageContext,
  id = "",
): Promise<Identity | Response> {
  const { user } = signedInSession(c);
  const identity = isUuid(id) ? await findIdentity(deps.sql, id) : undefined;
  if (identity?.userId === user.id) return identity;
  return await errorPage(deps, c, {
    code: "not_found",
    id: "identity_not_found",
    title: "Account not found",
    children: (
      <p>
        This account is not linked; it may have been unlinked.{" "}
        <a href={SECURITY_PATH}>View your sign-in methods</a>
      </p>
    ),
  });
}
