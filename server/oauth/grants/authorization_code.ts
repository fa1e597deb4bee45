import { OAuthError } from "../../../shared/oauth/errors.ts";
import { AUTHORIZATION_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { revokeLogin } from "../../logins/revoke_login.ts";
import { accessTokenLifetime } from "../../resources/access_token_lifetime.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import {
  type AuthorizationCode,
  findAuthorizationCode,
  recordRedemption,
  redeemAuthorizationCode,
  type UsedAuthorizationCode,
} from "../../store/authorization_codes.ts";
import type { Sql, Transaction } from "../../store/db/connect.ts";
import { revokeAccessToken } from "../../store/revoked_access_tokens.ts";
import { spanLinker } from "../../telemetry/tracing.ts";
import { generateAccessTokenId } from "../../tokens/access_token.ts";
import { approvalIdOf, verifyCodeChallenge } from "../../tokens/pkce.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import { missingParameter } from "../missing_parameter.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { issueLoginTokens, type Login } from "./issue_login_tokens.ts";
import { startLogin, type StartLoginDeps } from "./start_login.ts";

interface AuthorizationCodeGrantDeps extends StartLoginDeps {
  sql: Sql;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** A code, as presented by a client, with what binds it to the request. */
interface PresentedCode {
  codeHash: Uint8Array;
  clientId: string;
  redirectUri: string;
  verifier: string;
  now: Date;
}

/**
 * The authorization code grant (RFC 6749 section 4.1.3) with PKCE (RFC 7636 section 4.5). The first
 * attempt uses a code up, even if it fails. A second one that would have succeeded otherwise revokes
 * what the first one got (RFC 6749 section 4.1.2), see docs/decisions/0021-authorization-code.md.
 */
export function authorizationCodeGrant(deps: AuthorizationCodeGrantDeps): Grant {
  return {
    type: AUTHORIZATION_CODE_GRANT,
    allowedBy: ["code"],
    async handle(request) {
      const [code, redirectUri, verifier] = ["code", "redirect_uri", "code_verifier"].map(
        request.parameter,
      );
      if (code === undefined) return missingParameter("code");
      if (redirectUri === undefined) return missingParameter("redirect_uri");
      if (verifier === undefined) return missingParameter("code_verifier");
      const presented = {
        codeHash: tokenHash(code),
        clientId: request.client.id,
        redirectUri,
        verifier,
        now: new Date(deps.clock.now()),
      };
      const login = await redeem(deps, request, presented) ??
        await rejectUsedCode(deps, request, presented);
      return login instanceof OAuthError ? login : await issueLoginTokens(deps, login);
    },
  };
}

/** Turns a code into a login, once; undefined if it cannot be redeemed, or not any more. */
async function redeem(
  deps: AuthorizationCodeGrantDeps,
  request: TokenRequest,
  presented: PresentedCode,
): Promise<Login | OAuthError | undefined> {
  const linkSpan = spanLinker();
  return await deps.sql.begin(async (tx) => {
    const code = await redeemAuthorizationCode(tx, presented);
    if (code === undefined) return undefined;
    linkSpan(code.traceContext);
    const mismatch = findMismatch(code, presented);
    if (mismatch !== undefined) {
      await recordAuditEvent(tx, deps.clock, {
        event: "authorization_code.rejected",
        subject: code.userId,
        address: request.address,
        details: { client_id: code.clientId, user_agent: request.userAgent },
      });
      return mismatch;
    }
    return await startCodeLogin(deps, tx, request, code, presented);
  }) as Login | OAuthError | undefined;
}

async function startCodeLogin(
  deps: AuthorizationCodeGrantDeps,
  tx: Transaction,
  request: TokenRequest,
  code: AuthorizationCode,
  { codeHash, now }: PresentedCode,
): Promise<Login | OAuthError> {
  const approvalId = approvalIdOf(codeHash);
  const login = await startLogin(deps, tx, request, { ...code, approvalId }, now);
  if (login instanceof OAuthError) {
    // RFC 6749 section 5.2: the token endpoint has no access_denied for this grant.
    return login.code === "access_denied" ? new OAuthError("invalid_grant", login.message) : login;
  }
  const accessTokenId = generateAccessTokenId();
  const lifetime = accessTokenLifetime(deps.config, login.resource, request.client);
  await recordRedemption(tx, {
    codeHash,
    loginId: login.familyId,
    accessTokenId,
    accessTokenExpiresAt: new Date(now.getTime() + lifetime * 1000),
  });
  return { ...login, accessTokenId, nonce: code.nonce };
}

/** Why a code is not for this request: RFC 6749 section 4.1.3, RFC 7636 section 4.6. */
function findMismatch(
  code: AuthorizationCode,
  { redirectUri, verifier }: PresentedCode,
): OAuthError | undefined {
  if (code.redirectUri !== redirectUri) {
    return invalidGrant("The redirect_uri is not the one of the authorization request.");
  }
  if (!verifyCodeChallenge(code.codeChallenge, verifier)) {
    return invalidGrant("The code_verifier does not match the code_challenge.");
  }
}

function invalidGrant(reason: string): OAuthError {
  return new OAuthError("invalid_grant", `${reason} Start the login again.`);
}

/** Why a code could not be redeemed. A replay revokes what the code was redeemed for. */
async function rejectUsedCode(
  deps: AuthorizationCodeGrantDeps,
  request: TokenRequest,
  presented: PresentedCode,
): Promise<OAuthError> {
  const code = await findAuthorizationCode(deps.sql, presented);
  if (code === undefined) return invalidGrant("The authorization code is unknown.");
  if (code.redeemedAt === undefined) return invalidGrant("The authorization code has expired.");
  // A code in a browser's history, without its verifier, is not enough to revoke the login.
  if (findMismatch(code, presented) === undefined) await revokeRedemption(deps, request, code);
  return invalidGrant("The authorization code was used before.");
}

async function revokeRedemption(
  deps: AuthorizationCodeGrantDeps,
  { address, userAgent }: TokenRequest,
  { clientId, userId, loginId, accessTokenId, accessTokenExpiresAt }: UsedAuthorizationCode,
): Promise<void> {
  const details = { user_agent: userAgent };
  if (loginId !== undefined) {
    const login = { id: loginId, userId, clientId };
    await revokeLogin(deps, { login, reason: "code_replay", address, details });
  } else if (accessTokenId !== undefined && accessTokenExpiresAt !== undefined) {
    await revokeAccessToken(deps.sql, accessTokenId, accessTokenExpiresAt);
    deps.tokenValidator.invalidate(`token:${accessTokenId}`);
    await recordRepeatedAuditEvent(deps.sql, deps.clock, {
      event: "authorization_code.replayed",
      actor: userId,
      address,
      details: { client_id: clientId, ...details },
    });
  }
}
