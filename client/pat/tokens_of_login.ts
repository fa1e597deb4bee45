/** The personal access tokens that a login created, and that outlive it. */
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { ManagementAccess } from "../auth/management_token.ts";
import { isActive } from "./format.ts";
import { tokenApi } from "./api.ts";
import type { PersonalAccessToken } from "./token.ts";
import type { Login } from "../auth/login_store.ts";

/**
 * The active ones. Never asks for approval: undefined where the login may not list tokens,
 * or the server cannot answer.
 */
export async function activeTokensOfLogin(
  login: Login,
  io: ClientIo,
): Promise<PersonalAccessToken[] | undefined> {
  try {
    await using access = new ManagementAccess(login, {}, io);
    if (await access.tokenWithoutApproval([MANAGEMENT_SCOPES.read]) === undefined) return undefined;
    const tokens = await tokenApi(login, access, {}, io).list({ ofThisLogin: true });
    return tokens.filter((token) => isActive(token, io.clock));
  } catch (error) {
    if (!(error instanceof ClientError) || io.signal.aborted) throw error;
    return undefined;
  }
}
