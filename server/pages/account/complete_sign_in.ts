import type { ServerConfig } from "../../config/server_config.ts";
import type { Acr } from "../../../shared/oauth/acr.ts";
import { type Authentication, MAX_AMR } from "../../sign_in/authentication.ts";
import type { FirstFactor } from "../../sign_in/first_factor.ts";
import { type ManageFactorsDeps, startTotpEnrollment } from "../../sign_in/manage_factors.ts";
import { nextStep, policyAcr } from "../../sign_in/second_factor_policy.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { usePendingSignIn } from "../../store/pending_sign_ins.ts";
import { findSecondFactors } from "../../store/second_factors.ts";
import type { User } from "../../store/users.ts";
import { continuePage } from "../authorize/leave_page.tsx";
import type { PageContext } from "../context.ts";
import { redirectToSignIn, type SessionDeps, startSession } from "../http/browser_session.ts";
import { type Notice, setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { type BrowserSignIn, clearPendingCookie, startPendingSignIn } from "./pending_sign_in.ts";
import { isAuthorizationPath } from "./sign_in_page.tsx";

export type CompleteSignInDeps = RenderDeps & SessionDeps & ManageFactorsDeps & {
  config: Pick<ServerConfig, "secondFactor">;
};

export const SECOND_FACTOR_PATH = "/signin/second-factor";
export const ENROLL_PATH = "/signin/set-up";

export interface SignInDestination {
  /** The path of a page; see http/safe_redirect.ts. */
  next: string;
  /** What that page requires, which it also checks itself. */
  requiredAcr?: Acr;
}

/**
 * Starts the browser session of a user who has proven who they are, or asks for what is missing. All
 * ways to sign in end here, so that none of them can leave out a check.
 */
export async function completeSignIn(
  deps: CompleteSignInDeps,
  c: PageContext,
  user: User,
  first: FirstFactor,
  destination: SignInDestination,
): Promise<Response> {
  const step = nextStep(first, await findSecondFactors(deps.sql, user.id), {
    policy: policyAcr(deps.config.secondFactor, user),
    page: destination.requiredAcr,
  });
  if (step === "done") {
    const authentication = { acr: first.acr, amr: first.amr };
    return await startAndContinue(deps, c, { user, first, authentication }, destination);
  }
  const { holder } = await startPendingSignIn(deps, c, { userId: user.id, first, destination });
  if (step === "confirm") return c.redirect(SECOND_FACTOR_PATH, 303);
  await startTotpEnrollment(deps, { holder, userId: user.id });
  return c.redirect(ENROLL_PATH, 303);
}

/** What the second factor is worth, and how it was checked. */
export interface SecondFactor extends Authentication {
  method: "totp" | "recovery_code" | "passkey";
  passkeyId?: string;
  /** For the next page. */
  notice?: Notice;
}

/**
 * Ends the second step of a sign-in, whose factor the caller has just checked. `respond` replaces the
 * redirect to the page that the user wanted.
 */
export async function completeSecondFactor(
  deps: CompleteSignInDeps,
  c: PageContext,
  pending: BrowserSignIn,
  second: SecondFactor,
  respond?: () => Response | Promise<Response>,
): Promise<Response> {
  const { key, user, first, ...destination } = pending;
  clearPendingCookie(deps, c);
  // Of several requests at the same time, one starts a session.
  if (!await usePendingSignIn(deps.sql, { ...key, now: new Date(deps.clock.now()) })) {
    return signInExpired(deps, c, destination);
  }
  const amr = [...new Set([...first.amr, ...second.amr])].slice(0, MAX_AMR.values - 1);
  const authentication = { acr: second.acr, amr: [...amr, "mfa"] };
  return await startAndContinue(
    deps,
    c,
    {
      user,
      first: { ...first, passkeyId: second.passkeyId ?? first.passkeyId },
      authentication,
      secondFactor: second,
    },
    destination,
    respond,
  );
}

/** The user has to start again: the second step took too long, or was done already. */
export function signInExpired(
  deps: RenderDeps,
  c: PageContext,
  { next }: Partial<SignInDestination> = {},
): Response {
  setNotice(deps, c, {
    code: "sign_in_expired",
    text: "The sign-in has expired. Sign in again.",
    problem: true,
  });
  return redirectToSignIn(c, next ?? "/", { again: c.get("session") !== undefined });
}

async function startAndContinue(
  deps: CompleteSignInDeps,
  c: PageContext,
  { user, first, authentication, secondFactor }: {
    user: User;
    first: FirstFactor;
    authentication: Authentication;
    secondFactor?: SecondFactor;
  },
  { next }: SignInDestination,
  respond?: () => Response | Promise<Response>,
): Promise<Response> {
  // A second factor was checked just now.
  const authenticatedAt = first.authenticatedAt === undefined || secondFactor !== undefined
    ? undefined
    : new Date(first.authenticatedAt);
  if (!await startSession(deps, c, user, { first, authentication, authenticatedAt })) {
    setNotice(deps, c, {
      code: "sign_in_outdated",
      text: "You are not signed in: your account was changed at the same time. Sign in again.",
      problem: true,
    });
    return redirectToSignIn(c, next);
  }
  await recordAuditEvent(deps.sql, deps.clock, {
    event: "signin.succeeded",
    actor: user.id,
    address: c.get("requester").address,
    details: {
      method: first.method,
      ...secondFactor !== undefined && { second_factor: secondFactor.method },
      acr: authentication.acr,
    },
  });
  if (secondFactor?.notice !== undefined) setNotice(deps, c, secondFactor.notice);
  if (respond !== undefined) return await respond();
  // An authorization request may redirect to a program, which `form-action` would block.
  return isAuthorizationPath(next) ? await continuePage(deps, c, next) : c.redirect(next, 303);
}
