/** Who a token belongs to (OpenID Connect Core 1.0 section 5.3). */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import { discover } from "./discovery.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { askServer, unexpectedAnswer } from "./server_request.ts";

/** The claims, or "refused" if the server does not take the token (RFC 6750 section 3.1). */
export async function userinfo(
  server: string,
  token: string,
  io: ClientIo,
): Promise<UserinfoResponse | "refused"> {
  const { userinfoEndpoint } = await discover(server, io);
  const answer = await askServer(userinfoEndpoint, io, { bearerToken: token });
  if (answer.status === 401) return "refused";
  if (answer.status === 403) {
    throw new ClientError(
      "scope_missing",
      `The token lacks the scope openid: ${server} does not say whose it is.`,
    );
  }
  if (answer.status !== 200) throw unexpectedAnswer(userinfoEndpoint, "userinfo", answer);
  const user = answer.body && userFrom(answer.body);
  if (!user) {
    throw new ClientError("invalid_response", `${server} sent a userinfo response we cannot read.`);
  }
  return user;
}

/** The claims we know, fit for a terminal and for a name in a keychain; undefined without a subject. */
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

/** A person as people name them: `Alice <alice@example.com>`. */
export function describeUser({ sub, name, email }: UserinfoResponse): string {
  if (email === undefined) return name ?? sub;
  return name === undefined ? email : `${name} <${email}>`;
}
