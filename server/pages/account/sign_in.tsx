import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import { rateLimitKey, sharedNetwork } from "../../http/client_ip.ts";
import { type CheckSignInDeps, checkSignInPassword } from "../../passwords/check_sign_in.ts";
import { checkPasswordLimit } from "../../security/rate_limit.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { releaseAttempt } from "../../store/failed_attempts.ts";
import { signInAddresses } from "../../store/sessions.ts";
import { passwordFactor } from "../../sign_in/first_factor.ts";
import { emailProblem, findUserByEmail, isSetUp, type User } from "../../store/users.ts";
import type { PageContext } from "../context.ts";
import { ACR_PARAMETER, findKnownBrowser } from "../http/browser_session.ts";
import { errorPage, tooManyAttempts } from "../http/error_page.tsx";
import type { FormProblem } from "../http/form_problem.ts";
import { safeRedirect } from "../http/safe_redirect.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { completeSignIn, type CompleteSignInDeps } from "./complete_sign_in.ts";
import { SetupInstructions } from "./setup_instructions.tsx";
import { goToProvider, type GoToProviderDeps } from "../upstream/go_to_provider.tsx";
import { homeRealm, isBreakGlass } from "../upstream/home_realm.ts";
import { PASSWORD_PARAMETER, readAcr, signInPage, type SignInPageDeps } from "./sign_in_page.tsx";
import {
  sendUnlockLink,
  UNLOCK_PARAMETER,
  type UnlockLinkDeps,
  verifyUnlockLink,
} from "./unlock_link.ts";

/** The same whether the user is unknown or disabled, or the password is wrong. */
const INVALID_CREDENTIALS: FormProblem = {
  code: "invalid_credentials",
  message: "Incorrect e-mail address or password.",
  fields: ["email", "password"],
};

/** The same for all but break-glass administrators, whether there is such a user or not. */
const PASSWORD_SIGN_IN_OFF: FormProblem = {
  code: "password_sign_in_off",
  message: "Sign-in with a password is turned off. Sign in with one of the other methods.",
};

/** No user's id, so that a sign-in as an unknown user takes the same queries. */
const UNKNOWN_USER_ID = "00000000-0000-0000-0000-000000000000";

interface SignInDeps
  extends SignInPageDeps, CompleteSignInDeps, UnlockLinkDeps, CheckSignInDeps, GoToProviderDeps {
  secrets: GoToProviderDeps["secrets"];
  config: Pick<ServerConfig, "session" | "mail" | "secondFactor" | "passwordSignIn">;
}

/** GET /signin */
export async function showSignIn(deps: SignInDeps, c: PageContext): Promise<Response> {
  const next = safeRedirect(c.get("query")("next"));
  const again = c.get("query")("again") === "1";
  const other = c.get("query")("other") === "1";
  const session = c.get("session");
  if (session !== undefined && !again && !other) return c.redirect(next, 303);
  if (!await isSetUp(deps.sql)) return await notSetUpPage(deps, c);
  return await signInPage(deps, c, {
    next,
    requiredAcr: readAcr(c.get("query")(ACR_PARAMETER)),
    again,
    password: c.get("query")(PASSWORD_PARAMETER) === "1",
    email: again ? session?.user.email : suggestedEmail(c.get("query")("email")),
    unlock: c.get("query")(UNLOCK_PARAMETER),
  });
}

/** An address from a link, to fill in. */
function suggestedEmail(email: string | undefined): string | undefined {
  return email === undefined || emailProblem(email) ? undefined : email;
}

/** POST /signin */
export async function submitSignIn(deps: SignInDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const form = c.get("form");
  const email = (form("email") ?? "").trim();
  const password = form("password") ?? "";
  const next = safeRedirect(form("next"));
  const requiredAcr = readAcr(form(ACR_PARAMETER));
  const unlock = form(UNLOCK_PARAMETER);
  const { address } = c.get("requester");

  // An invalid address is handled like an unknown user, so that it takes as long.
  const user = emailProblem(email) ? undefined : await findUserByEmail(sql, email);
  const provider = await homeRealm(deps, email, user);
  if (provider !== undefined) {
    const again = c.get("session")?.user;
    return await goToProvider(deps, c, provider, {
      purpose: "sign_in",
      next,
      // Who signs in again, with the address of the page, has to be the same user.
      userId: form("again") === "1" && again?.id === user?.id ? again?.id : undefined,
      fresh: form("again") === "1",
      acr: requiredAcr === "1fa" ? undefined : requiredAcr,
      loginHint: email,
    });
  }
  if (!deps.config.passwordSignIn.enabled && !isBreakGlass(deps.config, user)) {
    return await signInPage(deps, c, { next, requiredAcr, email }, [PASSWORD_SIGN_IN_OFF]);
  }
  const knownAddresses = await signInAddresses(sql, user?.id ?? UNKNOWN_USER_ID);
  const knownHere = knownAddresses.some((known) => rateLimitKey(known) === rateLimitKey(address));
  const browser = await findKnownBrowser(deps, c, user?.id ?? UNKNOWN_USER_ID) ??
    verifyUnlockLink(deps, unlock, user?.id ?? UNKNOWN_USER_ID);
  const limit = await checkPasswordLimit(sql, {
    userId: user?.id,
    email,
    address,
    knownHere,
    browser,
    now: new Date(clock.now()),
  });
  if (limit instanceof DomainError) return await rateLimited(deps, c, limit);
  const enabled = user !== undefined && user.disabledAt === undefined;
  const signedIn = await checkSignInPassword(deps, {
    email,
    user: enabled ? user : undefined,
    password,
    caller: { network: sharedNetwork(address), known: knownHere || browser !== undefined },
  }).catch(async (error) => {
    // The password was not checked, so it must not count as wrong.
    await releaseAttempt(sql, limit.attempt);
    throw error;
  });
  if (signedIn === undefined) {
    await recordFailure(deps, { user, address, limits: limit.reachesLimits });
    if (limit.reachesLimits.includes("account")) {
      await sendUnlockLink(deps, enabled ? user : undefined);
    }
    return await signInPage(deps, c, { next, requiredAcr, email, unlock }, [INVALID_CREDENTIALS]);
  }
  await releaseAttempt(sql, limit.attempt);
  return await completeSignIn(deps, c, signedIn, passwordFactor(signedIn), { next, requiredAcr });
}

/** Audits a failed sign-in, and each rate limit that it reached. */
async function recordFailure(
  { sql, clock }: SignInDeps,
  { user, address, limits }: { user?: User; address: string; limits: readonly string[] },
): Promise<void> {
  await recordAuditEvent(sql, clock, { event: "signin.failed", subject: user?.id, address });
  for (const limit of limits) {
    await recordAuditEvent(sql, clock, {
      event: "signin.throttled",
      subject: user?.id,
      address,
      details: { limit },
    });
  }
}

async function rateLimited(
  deps: SignInDeps,
  c: PageContext,
  error: DomainError,
): Promise<Response> {
  const reason = "There were too many failed sign-ins to this account or from your address." +
    (deps.config.mail === undefined
      ? ""
      : " If this is your account, check your e-mail for a link that lets you sign in.");
  return await errorPage(deps, c, tooManyAttempts(error, reason));
}

async function notSetUpPage(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "not_set_up",
    title: "This server has no users yet",
    children: (
      <main>
        <h1>This server has no users yet</h1>
        <SetupInstructions />
      </main>
    ),
  });
}
