import { DomainError } from "../../domain_error.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { recordAuditEvent, recordRepeatedAuditEvent } from "../../store/audit_events.ts";
import { enterUserCode } from "../../store/device_authorizations.ts";
import { releaseAttempt } from "../../store/failed_attempts.ts";
import { checkUserCodeLimit } from "../../security/rate_limit.ts";
import { formatUserCode, normaliseUserCode } from "../../tokens/user_code.ts";
import { signedInSession } from "../http/browser_session.ts";
import { ErrorSummary, Field, fieldState, formTitle } from "../ui/form_field.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import {
  errorPage,
  type PageContext,
  type PageDeps,
  rateLimitedPage,
  renderPage,
} from "../render.tsx";

/** Where a code is entered: the verification URI (RFC 8628 section 3.3). */
export function devicePath(userCode?: string): string {
  return userCode === undefined ? "/device" : `/device?user_code=${encodeURIComponent(userCode)}`;
}

/**
 * GET /device. A code in the address (verification_uri_complete, RFC 8628 section
 * 3.3.1) is filled in and no more: it was perhaps somebody else who made the link.
 */
export async function showDevice(deps: PageDeps, c: PageContext): Promise<Response> {
  return await enterCodePage(deps, c, { typed: asTyped(c.req.query("user_code")) });
}

/** POST /device: looks the code up and binds it to this session. */
export async function submitDevice(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const form = c.get("form");
  const typed = asTyped(form("user_code"));
  const session = signedInSession(c);
  const userCode = normaliseUserCode(form("user_code") ?? "");
  if (userCode === undefined) {
    // No guess: nothing of this form was ever given out.
    return await enterCodePage(deps, c, {
      typed,
      problem: "A code has eight letters, such as BCDF-GHJK, and no vowels.",
    });
  }
  const { address } = c.get("requester");
  const now = new Date(clock.now());
  const admission = await checkUserCodeLimit(sql, { userId: session.user.id, address, now });
  if (admission instanceof DomainError) {
    return await rateLimitedPage(deps, c, {
      what: "Too many codes were entered that are not right, by you or from your address.",
      retryAfterSeconds: admission.retryAfterSeconds!,
    });
  }
  const by = { actor: session.user.id, address };
  const request = await enterUserCode(sql, { userCode, sessionId: session.id, now });
  if (request === undefined) {
    await recordAuditEvent(sql, clock, { event: "device.code_unknown", ...by });
    for (const limit of admission.reachesLimits) {
      const details = { limit };
      await recordAuditEvent(sql, clock, { event: "device.code_throttled", ...by, details });
    }
    return await enterCodePage(deps, c, {
      typed,
      problem: "This code is not right, was used already, or has expired. Compare it with your " +
        "terminal, or start the login there again for a new one.",
    });
  }
  await releaseAttempt(sql, admission.attempt);
  await recordRepeatedAuditEvent(sql, clock, {
    event: "device.code_entered",
    ...by,
    subject: request.id,
  });
  return c.redirect(`/device/confirm?request=${request.id}`, 303);
}

/** The page to enter a code, filled in with the one of this request. */
export function deviceReturnPath(_parts: PageDeps, c: PageContext): string {
  const code = c.req.method === "POST" ? c.get("form")("user_code") : c.req.query("user_code");
  return devicePath(asTyped(code));
}

/** What somebody typed, or a link brought, as we show it again. */
function asTyped(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  const normalised = normaliseUserCode(code);
  return normalised ? formatUserCode(normalised) : sanitizeLine(code, 20) || undefined;
}

async function enterCodePage(
  deps: PageDeps,
  c: PageContext,
  state: { typed?: string; problem?: string },
): Promise<Response> {
  const { typed, problem } = state;
  const problems = problem === undefined ? [] : [{ message: problem, fields: ["user_code"] }];
  const filledIn = typed !== undefined && problem === undefined;
  return await renderPage(deps, c, {
    title: formTitle("Log in a terminal", problems),
    status: problem ? 422 : 200,
    children: (
      <main>
        <h1>{filledIn ? "Is this the code on your terminal?" : "Enter the code"}</h1>
        <ErrorSummary problems={problems} />
        <p>
          {filledIn
            ? "Compare each letter. Go on only if you have started a login yourself, just now."
            : "Your terminal shows it after you started a login there."}
        </p>
        <form method="post" action="/device">
          <CsrfField token={csrfToken(deps, c)} />
          <Field
            id="user_code"
            label="Code"
            hint="Capitals and dashes do not matter."
            problems={problems}
          >
            <input
              class="code"
              id="user_code"
              name="user_code"
              type="text"
              inputmode="text"
              autocomplete="off"
              autocapitalize="characters"
              autocorrect="off"
              spellcheck={false}
              placeholder="XXXX-XXXX"
              required
              maxlength={20}
              value={typed ?? ""}
              autofocus={!filledIn && problem === undefined}
              {...fieldState(problems, "user_code", { hint: true })}
            />
          </Field>
          <button class="main" type="submit" autofocus={filledIn}>Continue</button>
        </form>
      </main>
    ),
  });
}

/** Said wherever a device login is asked for while the operator has it off. */
export async function deviceFlowDisabled(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "Logins from a terminal are switched off",
    status: 403,
    children: <p>Whoever runs this server has switched them off. Ask them for another way.</p>,
  });
}
