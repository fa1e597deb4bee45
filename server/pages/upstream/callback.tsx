import { admitAccount, linkAccount } from "../../identity_providers/admit_account.ts";
import type { UpstreamAccount } from "../../identity_providers/account.ts";
import { decideAdmission } from "../../identity_providers/decide_admission.ts";
import { UpstreamFailure } from "../../identity_providers/failure.ts";
import { finishUpstreamSignIn } from "../../identity_providers/finish_sign_in.ts";
import { providerTitle, templateOf } from "../../identity_providers/templates.ts";
import { upstreamAuthentication } from "../../identity_providers/upstream_authentication.ts";
import { isAcr } from "../../../shared/oauth/acr.ts";
import { findIdentityProvider, type IdentityProvider } from "../../store/identity_providers.ts";
import type { UpstreamSignIn } from "../../store/upstream_sign_ins.ts";
import { completeSignIn } from "../account/complete_sign_in.ts";
import { SECURITY_PATH } from "../account/security/paths.ts";
import type { PageContext } from "../context.ts";
import { errorPage } from "../http/error_page.tsx";
import { setNotice } from "../http/notice.ts";
import type { PageDeps } from "../http/page_route.ts";
import { goToProvider } from "./go_to_provider.tsx";
import { homeRealm } from "./home_realm.ts";
import { upstreamFailurePage } from "./failure_page.tsx";
import { showTestResult } from "./test_result.tsx";

/** GET /signin/upstream/NAME/callback: where a provider sends the browser with its response. */
export async function showUpstreamCallback(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findIdentityProvider(deps.sql, c.req.param("provider") ?? "");
  if (provider === undefined) return await noSuchProvider(deps, c);
  const { started, result } = await finishUpstreamSignIn(deps, provider, {
    query: new URL(c.req.url).searchParams,
    browserToken: c.get("browserToken"),
  });
  if (started?.purpose === "test") return await showTestResult(deps, c, provider, started, result);
  const { next, userId } = started ?? {};
  if (result instanceof UpstreamFailure) {
    return await upstreamFailurePage(deps, c, provider, result, { next, userId });
  }
  return started!.purpose === "link"
    ? await finishLink(deps, c, provider, started!, result)
    : await finishSignIn(deps, c, provider, started!, result);
}

async function finishSignIn(
  deps: PageDeps,
  c: PageContext,
  provider: IdentityProvider,
  { next, userId, acr, fresh }: UpstreamSignIn,
  account: UpstreamAccount,
): Promise<Response> {
  const { address } = c.get("requester");
  const requiredAcr = isAcr(acr) ? acr : undefined;
  const realm = await otherRealm(deps, provider, account);
  if (realm !== undefined) {
    return await goToProvider(deps, c, realm.provider, {
      purpose: "sign_in",
      next,
      userId,
      fresh,
      acr: requiredAcr === "1fa" ? undefined : requiredAcr,
      loginHint: realm.email,
    });
  }
  const other = userId === undefined ? undefined : await otherUser(deps, provider, account, userId);
  const admitted = other ?? await admitAccount(deps, provider, account, { address });
  if (admitted instanceof UpstreamFailure) {
    return await upstreamFailurePage(deps, c, provider, admitted, { next, userId });
  }
  const { user, identityId } = admitted;
  return await completeSignIn(deps, c, user, {
    method: "upstream",
    ...upstreamAuthentication(provider, account),
    identityId,
    upstreamSessionId: account.sessionId,
    authenticatedAt: authenticationTime(provider, account, deps.clock.now()),
  }, { next, requiredAcr });
}

/**
 * The provider with which the user of an account has to sign in, if it is another one: that one knows
 * who has left, and a linked account elsewhere outlives that.
 */
async function otherRealm(
  deps: PageDeps,
  provider: IdentityProvider,
  account: UpstreamAccount,
): Promise<{ provider: IdentityProvider; email: string } | undefined> {
  const admission = await decideAdmission(deps.sql, provider, account);
  if (admission.outcome === "refuse") return undefined;
  const user = "user" in admission ? admission.user : undefined;
  const email = "user" in admission ? admission.user.email : admission.email;
  const realm = await homeRealm(deps, email, user);
  return realm === undefined || realm.name === provider.name
    ? undefined
    : { provider: realm, email };
}

/** In ms; 0 if the provider should say when it was, and does not: that is never recent. */
function authenticationTime(
  provider: IdentityProvider,
  { authenticatedAt }: UpstreamAccount,
  now: number,
): number {
  // A provider's clock may be ahead.
  if (authenticatedAt !== undefined) return Math.min(now, authenticatedAt.getTime());
  return templateOf(provider).confirmsFreshness ? 0 : now;
}

/** Before anything is stored: signing in again is only for the user who is signed in. */
async function otherUser(
  deps: PageDeps,
  provider: IdentityProvider,
  account: UpstreamAccount,
  userId: string,
): Promise<UpstreamFailure | undefined> {
  const admission = await decideAdmission(deps.sql, provider, account);
  if (admission.outcome === "refuse") return admission.failure;
  const isSame = (admission.outcome === "known" || admission.outcome === "link") &&
    admission.user.id === userId;
  return isSame ? undefined : new UpstreamFailure(
    "other_user",
    "The account does not belong to the user who is signed in.",
  );
}

async function finishLink(
  deps: PageDeps,
  c: PageContext,
  provider: IdentityProvider,
  { userId }: UpstreamSignIn,
  account: UpstreamAccount,
): Promise<Response> {
  const isSame = userId !== undefined && c.get("session")?.user.id === userId;
  const linked = isSame
    ? await linkAccount(deps, provider, account, { userId, address: c.get("requester").address })
    : new UpstreamFailure("other_user", "Another user has signed in meanwhile.");
  if (linked instanceof UpstreamFailure) {
    return await upstreamFailurePage(deps, c, provider, linked, { next: SECURITY_PATH, userId });
  }
  setNotice(deps, c, {
    code: "identity_linked",
    text: `Linked your account of ${providerTitle(provider)}. You can sign in with it.`,
  });
  return c.redirect(SECURITY_PATH, 303);
}

async function noSuchProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "not_found",
    id: "provider_not_found",
    title: "No such sign-in method",
    children: (
      <p>
        This server has no such identity provider. <a href="/signin">Go to the sign-in page</a>
      </p>
    ),
  });
}
