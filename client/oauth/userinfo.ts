/** The account of a token (OpenID Connect Core 1.0 section 5.3). */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import { discover } from "./discovery.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { requestServer, unexpectedStatus } from "./server_request.ts";

/** "rejected" if the server does not accept the token (RFC 6750 section 3.1). */
export async function userinfo(
  server: string,
  token: string,
  io: ClientIo,
): Promise<UserinfoResponse | "rejected"> {
  const { userinfoEndpoint } = await discover(server, io);
  const response = await requestServer(userinfoEndpoint, io, { bearerToken: token });
  if (response.status === 401) return "rejected";
  if (response.status === 403) {
    throw new ClientError(
      "scope_missing",
      `The token does not have the scope openid, so ${server} does not show its account. ` +
        `Log in again, or use a token with this scope.`,
    );
  }
  if (response.status !== 200) throw unexpectedStatus(userinfoEndpoint, "userinfo", response);
  const user = response.body && userFrom(response.body);
  if (!user) {
    throw new ClientError(
      "invalid_response",
      `${server} sent an invalid userinfo response. Report this to its operator.`,
    );
  }
  return user;
}

/** The known claims, sanitized; undefined without a subject. */
export function userFrom(claims: Record<string, unknown>): UserinfoResponse | undefined {
  const text = (value: unknown) =>
    typeof value === "string" && sanitizeLine(value) !== "" ? sanitizeLine(value) : undefined;
  const sub = text(claims.sub);
  if (sub === undefined) return undefined;
  const verified = claims.email_verified;
  return {
    sub,
    name: text(claims.name),
    email: text(claims.email),
    email_verified: typeof verified === "boolean" ? verified : undefined,
  };
}

/** `Alice <alice@example.com>`. */
export function describeUser({ sub, name, email }: UserinfoResponse): string {
  if (email === undefined) return name ?? sub;
  return name === undefined ? email : `${name} <${email}>`;
}
