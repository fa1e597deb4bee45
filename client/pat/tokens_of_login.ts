/** The personal access tokens that were created with a login, and outlive it. */
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { ManagementAccess } from "../auth/management_token.ts";
import { hasEnded } from "./format.ts";
import { type PersonalAccessToken, tokenApi } from "./api.ts";
import type { LoginSession } from "../auth/token_source.ts";

/**
 * Those that still work. Nobody is asked to approve for this: undefined where the login
 * was not approved for listing tokens, or the server cannot say.
 */
export async function livingTokensOfLogin(
  session: LoginSession,
  io: ClientIo,
): Promise<PersonalAccessToken[] | undefined> {
  try {
    await using access = new ManagementAccess(session, {}, io);
    if (await access.tokenUnasked([MANAGEMENT_SCOPES.read]) === undefined) return undefined;
    const tokens = await tokenApi(session, access, {}, io).list({ ofThisLogin: true });
    return tokens.filter((token) => hasEnded(token, io) === undefined);
  } catch (error) {
    if (!(error instanceof ClientError) || io.signal.aborted) throw error;
    return undefined;
  }
}
