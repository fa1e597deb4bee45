import { DomainError } from "../../domain_error.ts";
import { brand } from "../../../shared/brand.ts";
import { neighbourhood, rateLimitKey } from "../../http/client_ip.ts";
import { verifyPassword } from "../../security/password_hash.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { releaseAttempt } from "../../store/failed_attempts.ts";
import { signInAddresses, signOutSession } from "../../store/sessions.ts";
import { emailProblem, findUserByEmail, hasUsers } from "../../store/users.ts";
import { checkPasswordLimit } from "../../security/rate_limit.ts";
import { rotateSessionCookie } from "../http/session_cookie.ts";
import { findKnownBrowser, startSession } from "../http/browser_session.ts";
import { ErrorSummary, Field, fieldState, formTitle } from "../ui/form_field.tsx";
import { csrfToken } from "../http/csrf.ts";
import { Command, CsrfField } from "../ui/layout.tsx";
import { safeRedirect } from "../http/safe_redirect.ts";
import { setNotice } from "../http/notice.ts";
import {
  errorPage,
  type PageContext,
  type PageDeps,
  rateLimitedPage,
  renderPage,
} from "../render.tsx";
import { sendUnlockLink, UNLOCK_PARAMETER, verifyUnlockLink } from "./unlock_link.ts";

/** The same words whether the account is unknown, disabled, or the password wrong. */
const INVALID_CREDENTIALS = "E-mail address or password is wrong.";

/** Nobody's id: asks the database the same question for an unknown account. */
const UNKNOWN_USER_ID = "00000000-0000-0000-0000-000000000000";

/** GET /signin */
export async function showSignIn(deps: PageDeps, c: PageContext): Promise<Response> {
  const next = safeRedirect(c.req.query("next"));
  const again = c.req.query("again") === "1";
  const session = c.get("session");
  if (session !== undefined && !again) return c.redirect(next, 303);
  if (!await hasUsers(deps.sql)) return await notSetUp(deps, c);
  return await signInPage(deps, c, {
    next,
    again,
    email: again ? session?.user.email : undefined,
    unlock: c.req.query(UNLOCK_PARAMETER),
  });
}

/** POST /signin */
export async function submitSignIn(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const form = c.get("form");
  const email = (form("email") ?? "").trim();
  const password = form("password") ?? "";
  const next = safeRedirect(form("next"));
  const { address } = c.get("requester");
  const now = new Date(clock.now());

  // An address that cannot be one is treated as an unknown account, time and all.
  const user = emailProblem(email) ? undefined : await findUserByEmail(sql, email);
  const known = await signInAddresses(sql, user?.id ?? UNKNOWN_USER_ID);
  const knownHere = known.some((one) => rateLimitKey(one) === rateLimitKey(address));
  const unlock = form(UNLOCK_PARAMETER);
  const browser = await findKnownBrowser(deps, c, user?.id ?? UNKNOWN_USER_ID) ??
    verifyUnlockLink(deps, unlock, user?.id ?? UNKNOWN_USER_ID);
  const admission = await checkPasswordLimit(sql, {
    userId: user?.id,
    email,
    address,
    knownHere,
    browser,
    now,
  });
  if (admission instanceof DomainError) {
    return await rateLimitedPage(deps, c, {
      what: "There were too many failed attempts to sign in to this account or from this address." +
        (deps.config.mail === undefined
          ? ""
          : " If it is your account, look into your mail: there is a link to sign in all the same."),
      retryAfterSeconds: admission.retryAfterSeconds!,
    });
  }
  const enabled = user !== undefined && user.disabledAt === undefined;
  const right = await verifyPassword(password, enabled ? user.passwordHash : undefined, {
    network: neighbourhood(address),
    known: knownHere || browser !== undefined,
  }).catch(async (error) => {
    // Nothing was checked, so it was no wrong password.
    await releaseAttempt(sql, admission.attempt);
    throw error;
  });
  if (!right || !enabled || !await startSession(deps, c, user)) {
    await recordAuditEvent(sql, clock, { event: "signin.failed", subject: user?.id, address });
    for (const limit of admission.reachesLimits) {
      const details = { limit };
      await recordAuditEvent(sql, clock, {
        event: "signin.throttled",
        subject: user?.id,
        address,
        details,
      });
    }
    if (admission.reachesLimits.includes("account")) {
      await sendUnlockLink(deps, enabled ? user : undefined);
    }
    return await signInPage(deps, c, { next, email, unlock, problem: INVALID_CREDENTIALS });
  }
  await releaseAttempt(sql, admission.attempt);
  await recordAuditEvent(sql, clock, { event: "signin.succeeded", actor: user.id, address });
  return c.redirect(next, 303);
}

/** POST /signout */
export async function submitSignOut(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const session = c.get("session");
  if (session !== undefined) {
    await signOutSession(sql, { id: session.id, now: new Date(clock.now()) });
    rotateSessionCookie(deps, c);
    setNotice(deps, c, { text: "You are signed out." });
    await recordAuditEvent(sql, clock, {
      event: "signout",
      actor: session.user.id,
      address: c.get("requester").address,
    });
  }
  return c.redirect("/", 303);
}

async function signInPage(
  deps: PageDeps,
  c: PageContext,
  state: { next: string; again?: boolean; email?: string; unlock?: string; problem?: string },
): Promise<Response> {
  const { next, again, email, unlock } = state;
  const problems = state.problem === undefined
    ? []
    : [{ message: state.problem, fields: ["email", "password"] }];
  const refused = problems.length > 0;
  const forDevice = next === "/device" || next.startsWith("/device?");
  return await renderPage(deps, c, {
    title: formTitle("Sign in", problems),
    status: refused ? 422 : 200,
    children: (
      <main>
        <h1>{again ? "Sign in again" : `Sign in to ${brand.productName}`}</h1>
        <ErrorSummary problems={problems} />
        {again && (
          <p>
            {forDevice
              ? "To approve a login, confirm first that it is you."
              : "Your last sign-in was too long ago for this. Confirm that it is you."}
          </p>
        )}
        {!again && forDevice && <p>A terminal asks to log in to your account.</p>}
        <form method="post" action="/signin">
          <CsrfField token={csrfToken(deps, c)} />
          <input type="hidden" name="next" value={next} />
          {unlock && <input type="hidden" name={UNLOCK_PARAMETER} value={unlock} />}
          <Field id="email" label="E-mail address" problems={problems}>
            <input
              id="email"
              name="email"
              type="email"
              inputmode="email"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              maxlength={254}
              value={email ?? ""}
              autofocus={!refused && !email}
              {...fieldState(problems, "email")}
            />
          </Field>
          <Field id="password" label="Password" problems={problems}>
            <input
              id="password"
              name="password"
              type="password"
              autocomplete="current-password"
              required
              autofocus={!refused && Boolean(email)}
              {...fieldState(problems, "password")}
            />
          </Field>
          <button class="main" type="submit">Sign in</button>
        </form>
      </main>
    ),
  });
}

async function notSetUp(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "Nobody can sign in yet",
    status: 200,
    children: <SetupInstructions />,
  });
}

/** How the first administrator is made. */
export function SetupInstructions() {
  const command = `${brand.binaryName} admin user add alice@example.com --admin --password-stdin`;
  return (
    <>
      <p>
        Open the set-up link that the server printed in its terminal when it started. Each start
        prints a new one until there is an administrator.
      </p>
      <p>Or run this where the server runs, with a password on its standard input:</p>
      <Command>{command}</Command>
    </>
  );
}
