/**
 * A narrower token in place of the access token in the environment, as `exec` sets it. It is not
 * stored: the user need not have a login on this machine.
 */
import { brand } from "../../shared/brand.ts";
import { splitScope } from "../../shared/oauth/scope.ts";
import { ACCESS_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { ReceivedTokens } from "../oauth/device_flow.ts";
import { discover } from "../oauth/discovery.ts";
import { requestNarrowToken } from "../oauth/narrow_token.ts";
import { resourceIdentifier } from "../oauth/resources.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import type { AccessToken } from "./access_token.ts";
import { type EnvironmentSource, environmentToken } from "./environment_token.ts";
import { checkRequest, meetsSignIn, requestIdOf, type TokenRequest } from "./requested_token.ts";
import { stepUp, type StepUpOptions } from "./step_up.ts";

/** What it lacks needs an approval by the user of the login that it came from. */
export async function narrowedEnvironmentToken(
  source: EnvironmentSource,
  request: TokenRequest,
  minTtlMs: number,
  io: ClientIo,
  options: StepUpOptions,
): Promise<AccessToken> {
  checkRequest(request);
  const { token } = await environmentToken(source, minTtlMs, io);
  const { sub, sid, act, scope } = unverifiedClaims(token) ?? {};
  const { server } = source;
  if (server === undefined || typeof sub !== "string" || typeof sid !== "string") {
    throw new ClientError(
      "unsupported",
      `The token in ${brand.envPrefix}_TOKEN is not from a login, so no other token can be ` +
        `requested with it. Unset the variable to use a login.`,
    );
  }
  const resource = request.resource === undefined
    ? undefined
    : resourceIdentifier(await discover(server, io), request.resource);
  if (meetsSignIn({ accessToken: token }, request, io)) {
    const narrow = await requestNarrowToken(
      server,
      { token, type: ACCESS_TOKEN_TYPE },
      { ...request, resource },
      io,
    );
    if (narrow instanceof ClientError) throw narrow;
    if (narrow !== undefined) return toAccessToken(narrow);
  }
  const scopes = request.scope ?? splitScope(typeof scope === "string" ? scope : "");
  const { sub: actor } = Object(act);
  const approved = await stepUp(
    { server, subject: sub, sid },
    {
      actor: typeof actor === "string" ? actor : undefined,
      ...request,
      resource,
      scopes,
      requestId: await requestIdOf(request),
    },
    options,
    io,
  );
  return toAccessToken(approved);
}

function toAccessToken({ tokens, receivedAt }: ReceivedTokens): AccessToken {
  const maxLifetimeMs = tokens.expires_in * 1000;
  return {
    token: tokens.access_token,
    expiresAt: receivedAt + maxLifetimeMs,
    scope: tokens.scope || undefined,
    maxLifetimeMs,
  };
}
