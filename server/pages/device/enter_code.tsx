import { sanitizeLine } from "../../../shared/sanitize.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { DomainError } from "../../domain_error.ts";
import { checkUserCodeLimit } from "../../security/rate_limit.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import { findClient } from "../../store/clients.ts";
import type { Sql } from "../../store/db/connect.ts";
import { enterUserCode } from "../../store/device_authorizations.ts";
import { releaseAttempt } from "../../store/failed_attempts.ts";
import { formatUserCode, normalizeUserCode } from "../../tokens/user_code.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage, tooManyAttempts } from "../http/error_page.tsx";
import type { FormProblem } from "../http/form_problem.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField } from "../ui/hidden_fields.tsx";
import { TextField } from "../ui/text_field.tsx";
import { findUnmetRules, isSignInTooOld, recordRestriction } from "./unmet_rules.ts";

const MALFORMED_CODE: FormProblem = {
  code: "malformed_code",
  message: "A code has 8 letters and no vowels, for example BCDF-GHJK.",
  fields: ["user_code"],
};

const UNKNOWN_CODE: FormProblem = {
  code: "unknown_code",
  message: "This code is incorrect, has already been used or has expired. Compare it with your " +
    "terminal, or start the login there again to get a new code.",
  fields: ["user_code"],
};

interface EnterCodeDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
  catalog: Pick<ResourceCatalog, "scopes">;
}

/** The verification URI (RFC 8628 section 3.3). */
export function devicePath(userCode?: string): string {
  return userCode === undefined ? "/device" : `/device?user_code=${encodeURIComponent(userCode)}`;
}

/**
 * GET /device. A code in the URL (verification_uri_complete, RFC 8628 section 3.3.1) is only filled
 * in: someone else may have created the link.
 */
export async function showDevice(deps: EnterCodeDeps, c: PageContext): Promise<Response> {
  return await enterCodePage(deps, c, formatEntered(c.get("query")("user_code")));
}

/** POST /device: binds the request with this code to the session. */
export async function submitDevice(deps: EnterCodeDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const entered = formatEntered(c.get("form")("user_code"));
  const session = signedInSession(c);
  const userCode = normalizeUserCode(c.get("form")("user_code") ?? "");
  // Does not count as a guess: no code has this form.
  if (userCode === undefined) return await enterCodePage(deps, c, entered, [MALFORMED_CODE]);
  const { address } = c.get("requester");
  const now = new Date(clock.now());
  const limit = await checkUserCodeLimit(sql, { userId: session.user.id, address, now });
  if (limit instanceof DomainError) {
    const reason = "Too many incorrect codes were entered by you or from your address.";
    return await errorPage(deps, c, tooManyAttempts(limit, reason));
  }
  const by = { actor: session.user.id, address };
  const request = await enterUserCode(sql, { userCode, sessionId: session.id, now });
  if (request === undefined) {
    await recordAuditEvent(sql, clock, { event: "device.code_unknown", ...by });
    for (const reached of limit.reachesLimits) {
      const details = { limit: reached };
      await recordAuditEvent(sql, clock, { event: "device.code_throttled", ...by, details });
    }
    return await enterCodePage(deps, c, entered, [UNKNOWN_CODE]);
  }
  await releaseAttempt(sql, limit.attempt);
  await recordRepeatedAuditEvent(sql, clock, {
    event: "device.code_entered",
    ...by,
    subject: request.id,
  });
  const client = await findClient(sql, request.clientId);
  const unmet = client === undefined ? [] : findUnmetRules(deps, c, request, client);
  // A sign-in that is too old is repeated on the way to the next page.
  if (unmet.length > 0 && !isSignInTooOld(unmet)) await recordRestriction(deps, c, request, unmet);
  return c.redirect(`/device/confirm?request=${request.id}`, 303);
}

/** This page with the code of the request, to return to after signing in. */
export function deviceReturnPath(_deps: unknown, c: PageContext): string {
  const code = c.req.method === "POST" ? c.get("form")("user_code") : c.get("query")("user_code");
  return devicePath(formatEntered(code));
}

/** A code that was entered or is in a link, to show it again. */
function formatEntered(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  const normalized = normalizeUserCode(code);
  return normalized ? formatUserCode(normalized) : sanitizeLine(code, 20) || undefined;
}

async function enterCodePage(
  deps: RenderDeps,
  c: PageContext,
  entered: string | undefined,
  problems: readonly FormProblem[] = [],
): Promise<Response> {
  const rejected = problems.length > 0;
  const filledIn = entered !== undefined && !rejected;
  return await renderPage(deps, c, {
    name: "enter_code",
    title: formTitle("Enter code", problems),
    status: rejected ? 422 : 200,
    children: (
      <main>
        <h1>{filledIn ? "Does this code match your terminal?" : "Enter the code"}</h1>
        <ErrorSummary problems={problems} />
        <p>
          {filledIn
            ? "Compare every letter. Continue only if you started this login yourself, just now."
            : "Enter the code that your terminal shows after you start a login."}
        </p>
        <form method="post" action="/device">
          <CsrfField token={csrfToken(deps, c)} />
          <TextField
            id="user_code"
            label="Code"
            hint="Uppercase and dashes are optional."
            problems={problems}
            className="user-code"
            type="text"
            inputmode="text"
            autocomplete="off"
            autocapitalize="characters"
            autocorrect="off"
            spellcheck={false}
            placeholder="XXXX-XXXX"
            required
            maxlength={20}
            value={entered ?? ""}
            autofocus={!filledIn && !rejected}
          />
          <button class="main" type="submit" autofocus={filledIn}>Continue</button>
        </form>
      </main>
    ),
  });
}
