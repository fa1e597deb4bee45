import { DomainError } from "../../../domain_error.ts";
import {
  type AuthenticateDeps,
  authenticateWithPasskey,
  type PasskeyAuthentication,
} from "../../../passkeys/authenticate.ts";
import type { FirstFactor } from "../../../sign_in/first_factor.ts";
import type { PageContext } from "../../context.ts";
import { ACR_PARAMETER } from "../../http/browser_session.ts";
import { safeRedirect } from "../../http/safe_redirect.ts";
import { goToProvider, type GoToProviderDeps } from "../../upstream/go_to_provider.tsx";
import { homeRealm, type HomeRealmDeps } from "../../upstream/home_realm.ts";
import { completeSignIn, type CompleteSignInDeps } from "../complete_sign_in.ts";
import { readAcr, signInPage, type SignInPageDeps } from "../sign_in_page.tsx";
import { CREDENTIAL_FIELD, passkeyProblem } from "./passkey_form.tsx";
import { AGAIN_FIELD } from "./sign_in_button.tsx";

type PasskeySignInDeps =
  & SignInPageDeps
  & GoToProviderDeps
  & HomeRealmDeps
  & AuthenticateDeps
  & CompleteSignInDeps;

/** GET /signin/passkey: where a browser is after a passkey was rejected. */
export function redirectToSignInPage(_deps: unknown, c: PageContext): Response {
  return c.redirect("/signin", 303);
}

/**
 * POST /signin/passkey. Who has to sign in with an identity provider is sent there: it knows who has
 * left.
 */
export async function submitPasskeySignIn(
  deps: PasskeySignInDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const next = safeRedirect(form("next"));
  const requiredAcr = readAcr(form(ACR_PARAMETER));
  const session = form(AGAIN_FIELD) === undefined ? undefined : c.get("session");
  const authentication = await authenticateWithPasskey(deps, {
    credential: form(CREDENTIAL_FIELD),
    browserToken: c.get("browserToken"),
    userId: session?.user.id,
    address: c.get("requester").address,
  });
  if (authentication instanceof DomainError) {
    const again = session !== undefined;
    const email = session?.user.email;
    const page = { next, requiredAcr, again, email };
    return await signInPage(deps, c, page, [passkeyProblem(authentication)]);
  }
  const { user } = authentication;
  const provider = await homeRealm(deps, user.email, user);
  if (provider !== undefined) {
    return await goToProvider(deps, c, provider, {
      purpose: "sign_in",
      next,
      userId: session?.user.id,
      fresh: session !== undefined,
      acr: requiredAcr === "1fa" ? undefined : requiredAcr,
      loginHint: user.email,
    });
  }
  return await completeSignIn(deps, c, user, passkeyFactor(authentication), { next, requiredAcr });
}

/** A passkey with user verification is two factors, and resists phishing. */
function passkeyFactor({ passkey, amr }: PasskeyAuthentication): FirstFactor {
  return { method: "passkey", acr: "phr", amr: [...amr, "mfa"], passkeyId: passkey.id };
}
