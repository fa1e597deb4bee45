import type { AppParts } from "../app_parts.ts";
import {
  type PersonalAccessToken,
  revokePersonalAccessTokens,
} from "../store/personal_access_tokens.ts";
import { type Actor, auditToken } from "./create_token.ts";

/** Ends a token at once, everywhere within a second. One that has ended already stays as it is. */
export async function revokeToken(
  parts: Pick<AppParts, "sql" | "clock" | "tokenCheck">,
  { token, reason, actor }: { token: PersonalAccessToken; reason: string; actor: Actor },
): Promise<void> {
  const now = new Date(parts.clock.now());
  await parts.sql.begin(async (tx) => {
    const ended = await revokePersonalAccessTokens(tx, { ids: [token.id], reason, now });
    if (ended.length > 0) await auditToken(tx, parts, "token.revoked", token, actor);
  });
  parts.tokenCheck.changed(`token:${token.id}`);
}
