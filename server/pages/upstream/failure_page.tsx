import type { Child } from "hono/jsx";
import type { Clock } from "../../../shared/clock.ts";
import {
  isProviderFault,
  type UpstreamFailure,
  type UpstreamFailureCode,
} from "../../identity_providers/failure.ts";
import { providerTitle } from "../../identity_providers/templates.ts";
import type { Log } from "../../log.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { IdentityProvider } from "../../store/identity_providers.ts";
import type { PageContext } from "../context.ts";
import { signInPath } from "../http/browser_session.ts";
import { errorPage, type PageErrorCode } from "../http/error_page.tsx";
import type { RenderDeps } from "../render.tsx";

export interface FailurePageDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
  log: Log;
}

interface FailureText {
  code: PageErrorCode;
  title: string;
  /** What happened and what to do next. */
  text: string;
}

const TRY_AGAIN = "Start again from the sign-in page.";
const AS_BEFORE = "If you already have an account here, sign in as before and link this account " +
  "under “Sign-in methods”.";

/** `name` is that of the provider, as users know it. */
function failureText(code: UpstreamFailureCode, name: string): FailureText {
  switch (code) {
    case "denied":
      return {
        code: "forbidden",
        title: "Sign-in was cancelled",
        text: `${name} did not sign you in, because you or your organization refused it. ` +
          "If you did not cancel it, ask your administrator for access to this application.",
      };
    case "unknown_state":
    case "other_browser":
      return {
        code: "malformed",
        title: "This sign-in was not started here",
        text: "The response does not belong to a sign-in that this browser has started. Your " +
          `browser may block cookies, or the link was opened in another browser. ${TRY_AGAIN}`,
      };
    case "used_state":
      return {
        code: "gone",
        title: "This sign-in was already used",
        text: "Each response works once; you may have reloaded the page or gone back. If you are " +
          `not signed in, ${TRY_AGAIN.toLowerCase()}`,
      };
    case "expired_state":
      return {
        code: "gone",
        title: "This sign-in has expired",
        text: `It took more than 15 minutes. ${TRY_AGAIN}`,
      };
    case "unreachable":
    case "timeout":
    case "too_large":
    case "not_allowed":
      return {
        code: "unavailable",
        title: `${name} cannot be reached`,
        text: `This server got no usable answer from ${name}. Try again in a few minutes, or ` +
          "sign in another way. The administrator can find the reason in the audit log.",
      };
    case "secret_unreadable":
      return {
        code: "unavailable",
        title: `${name} cannot be used now`,
        text: "This server cannot read its client secret. Sign in another way, or ask the " +
          "administrator, who can find the reason in the audit log.",
      };
    case "provider_error":
    case "wrong_issuer":
    case "wrong_nonce":
    case "invalid_response":
    case "client_rejected":
      return {
        code: "forbidden",
        title: `The response of ${name} was rejected`,
        text: "You are not signed in, because the response did not pass a check. Try again; if " +
          "it happens again, ask the administrator, who can find the reason in the audit log.",
      };
    case "domain_not_allowed":
      return {
        code: "forbidden",
        title: "Your account is not allowed here",
        text: `Accounts of this mail domain cannot sign in with ${name}. Sign in there with the ` +
          "account of your organization, or ask the administrator.",
      };
    case "no_verified_address":
      return {
        code: "forbidden",
        title: "No verified e-mail address",
        text: `${name} does not confirm that the e-mail address of your account is yours. Verify ` +
          `it there and try again. ${AS_BEFORE}`,
      };
    case "address_taken":
      return {
        code: "forbidden",
        title: "Sign in as before",
        text: `There is already an account with your e-mail address, and ${name} does not ` +
          "prove that it is yours. Sign in as before, and link this account under “Sign-in methods”.",
      };
    case "subject_changed":
      return {
        code: "forbidden",
        title: "Another account is linked",
        text: `Your account here is linked to another account of ${name} with the same e-mail ` +
          "address. It may have been deleted and created again. Sign in another way and link the " +
          "new one under “Sign-in methods”, or ask the administrator.",
      };
    case "not_linked":
      return {
        code: "forbidden",
        title: "No account",
        text:
          `You have no account here that is linked to ${name}. Ask the administrator for one. ` +
          AS_BEFORE,
      };
    case "waiting_for_approval":
      return {
        code: "forbidden",
        title: "Waiting for approval",
        text: "An administrator has to approve your first sign-in. Try again when it was approved.",
      };
    case "approval_denied":
      return {
        code: "forbidden",
        title: "Access denied",
        text: "An administrator has denied your first sign-in. Ask the administrator for help.",
      };
    case "queue_full":
      return {
        code: "unavailable",
        title: "Too many users are waiting",
        text: "Too many first sign-ins wait for an administrator. Ask the administrator for help.",
      };
    case "user_disabled":
      return {
        code: "forbidden",
        title: "Your account is disabled",
        text: "Ask the administrator to enable it.",
      };
    case "linked_to_other_user":
      return {
        code: "conflict",
        title: "Linked to another user",
        text:
          `This account of ${name} is linked to another user. Unlink it there first, or choose ` +
          `another account at ${name}.`,
      };
    case "other_user":
      return {
        code: "conflict",
        title: "You signed in as another user",
        text: "You are still signed in as before. To continue, sign in with the same account, or " +
          "sign out first.",
      };
    case "not_fresh":
      return {
        code: "forbidden",
        title: "You need to sign in again",
        text: `${name} did not ask you to sign in again. Sign out at ${name} and try again, or ` +
          "sign in another way.",
      };
    case "no_auth_time":
      return {
        code: "forbidden",
        title: "You need to sign in another way",
        text: `This requires that you have just signed in, which ${name} cannot confirm. Use a ` +
          "passkey or your password; you can add one under “Sign-in methods”.",
      };
    case "provider_disabled":
      return {
        code: "gone",
        title: `Sign-in with ${name} is turned off`,
        text: "Sign in another way, or ask the administrator.",
      };
    case "too_many":
      return {
        code: "rate_limited",
        title: "Too many sign-ins",
        text: "Too many sign-ins were started from your network. Try again in 15 minutes.",
      };
  }
}

/** These can be caused without an account anywhere, so they are not recorded. */
const UNRECORDED: readonly UpstreamFailureCode[] = ["unknown_state", "other_browser"];

/** Why a sign-in with a provider failed and what to do next; recorded for the administrator. */
export async function upstreamFailurePage(
  deps: FailurePageDeps,
  c: PageContext,
  provider: IdentityProvider,
  failure: UpstreamFailure,
  { next, userId }: { next?: string; userId?: string } = {},
): Promise<Response> {
  const { sql, clock, log } = deps;
  const { code, reason } = failure;
  if (isProviderFault(failure)) {
    log("warn", "identity_provider_failed", { provider: provider.name, error: code, reason });
  }
  if (!UNRECORDED.includes(code)) {
    await recordRepeatedAuditEvent(sql, clock, {
      event: "signin.failed",
      subject: userId,
      address: c.get("requester").address,
      details: { method: "upstream", provider: provider.name, error: code, reason },
    });
  }
  const text = failureText(code, providerTitle(provider));
  return await errorPage(deps, c, {
    code: text.code,
    id: code,
    title: text.title,
    children: (
      <>
        <p>{text.text}</p>
        <NextStep c={c} next={next} />
      </>
    ),
  });
}

function NextStep({ c, next = "/" }: { c: PageContext; next?: string }): Child {
  const again = c.get("session") !== undefined;
  return (
    <p>
      {again
        ? <a class="button" href="/">Go to the start page</a>
        : <a class="button" href={signInPath(next)}>Go to the sign-in page</a>}
    </p>
  );
}
