import { OAuthError } from "../../shared/oauth_error.ts";
import type { AppParts } from "../app_parts.ts";
import { revokeToken } from "../personal_access_tokens/revoke_token.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import {
  findRefreshTokenFamily,
  revokeRefreshTokenFamily,
} from "../store/refresh_token_families.ts";
import { revokeAccessToken } from "../store/revoked_access_tokens.ts";
import { findTokensByHash } from "../store/personal_access_tokens.ts";
import { verifyAccessToken } from "../tokens/access_token.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import { tokenHashHex } from "../tokens/token_hash.ts";
import { readClientRequest } from "./client_authentication.ts";
import type { Requester } from "./requester.ts";

/**
 * The revocation endpoint (RFC 7009). A refresh token takes its whole login with
 * it, access tokens included (section 2.1). An unknown token is no error
 * (section 2.2). A personal access token ends by whoever holds it. The form of a
 * token tells its kind, so the hint is not needed.
 */
export async function revocation(
  parts: AppParts,
  request: Request,
  requester: Requester,
): Promise<undefined | OAuthError> {
  const sent = await readClientRequest(parts.tokenCheck, request);
  if (sent instanceof OAuthError) return sent;
  const { form, client } = sent;
  const token = form("token");
  if (token === undefined) {
    return new OAuthError("invalid_request", "The parameter token is missing.");
  }
  const hashes = refreshTokenHashes(token);
  if (hashes !== undefined) await revokeLogin(parts, hashes, client.id, requester);
  else if (isPersonalAccessToken(token)) await revokeByHolder(parts, token, client.id, requester);
  else await revokeOneAccessToken(parts, token, client.id);
}

/** A personal access token was given to no client: whoever holds it may end it. */
async function revokeByHolder(
  parts: AppParts,
  presented: string,
  clientId: string,
  { address }: Requester,
): Promise<void> {
  const [token] = (await findTokensByHash(parts.sql, [tokenHashHex(presented)])).values();
  if (token === undefined) return;
  const actor = { id: clientId, address };
  await revokeToken(parts, { token, reason: "holder", actor });
}

async function revokeLogin(
  parts: AppParts,
  hashes: NonNullable<ReturnType<typeof refreshTokenHashes>>,
  clientId: string,
  requester: Requester,
): Promise<void> {
  const family = await findRefreshTokenFamily(parts.sql, hashes);
  // RFC 7009 section 2.1: a client revokes only what it was given.
  if (family === undefined || family.clientId !== clientId) return;
  const now = new Date(parts.clock.now());
  await parts.sql.begin(async (tx) => {
    if (!await revokeRefreshTokenFamily(tx, { id: family.id, reason: "client", now })) return;
    await recordAuditEvent(tx, parts.clock, {
      event: "login.revoked",
      actor: family.userId,
      subject: family.id,
      address: requester.address,
      details: { client_id: clientId },
    });
  });
  parts.tokenCheck.changed(`login:${family.id}`);
}

async function revokeOneAccessToken(
  parts: AppParts,
  token: string,
  clientId: string,
): Promise<void> {
  const claims = await verifyAccessToken(parts, token);
  if (claims === undefined || claims.client_id !== clientId) return;
  await revokeAccessToken(parts.sql, claims.jti, new Date(claims.exp * 1000));
  parts.tokenCheck.changed(`token:${claims.jti}`);
}
