import type { Acr, Authentication } from "../../sign_in/authentication.ts";
import type { FirstFactor } from "../../sign_in/first_factor.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { User } from "../../store/users.ts";
import { continuePage } from "../authorize/leave_page.tsx";
import type { PageContext } from "../context.ts";
import { redirectToSignIn, type SessionDeps, startSession } from "../http/browser_session.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { isAuthorizationPath } from "./sign_in_page.tsx";

export type CompleteSignInDeps = RenderDeps & SessionDeps;

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
  const authentication = { acr: first.acr, amr: first.amr };
  return await finishSignIn(deps, c, user, { first, authentication }, destination);
}

async function finishSignIn(
  deps: CompleteSignInDeps,
  c: PageContext,
  user: User,
  { first, authentication }: { first: FirstFactor; authentication: Authentication },
  { next }: SignInDestination,
): Promise<Response> {
  if (!await startSession(deps, c, user, { first, authentication })) {
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
    details: { method: first.method, acr: authentication.acr },
  });
  // An authorization request may redirect to a program, which `form-action` would block.
  return isAuthorizationPath(next) ? await continuePage(deps, c, next) : c.redirect(next, 303);
}
