/** The job's identity token for an access token (RFC 8693). Nothing is stored. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { type ExchangedToken, exchangeToken, isOfSubject } from "../oauth/token_exchange.ts";
import { audiencesOf, isFor } from "./audience.ts";
import { flag } from "./trust_arguments.ts";
import type { WorkloadProvider } from "./provider.ts";

/** Whose identity is traded where, and for what. */
export interface Federation {
  provider: WorkloadProvider;
  server: string;
  /** What the identity token's `aud` must be; the server, if the operator has not said otherwise. */
  audience: string;
  /** Scopes to ask for; undefined for all that the operator's rule grants. */
  scope: string | undefined;
}

/**
 * Fetches the identity token and trades it. Throws ClientError: authentication
 * needed where there is no identity or the server does not trust it, temporary
 * where a retry may help.
 */
export async function exchangeIdentity(
  federation: Federation,
  io: ClientIo,
): Promise<ExchangedToken> {
  const identityToken = await fetchIdentityToken(federation, io);
  const { provider, server, scope } = federation;
  const subject = { token: identityToken, type: provider.tokenType, scope };
  const answer = await exchangeToken(server, subject, io);
  switch (answer.kind) {
    case "token":
      return answer.token;
    case "temporary":
      throw new ClientError(
        "server_unavailable",
        `${server} cannot check the job's identity at the moment ` +
          `(HTTP ${answer.status}). Try again later.`,
      );
    case "refused":
      throw refusal(federation, identityToken, answer);
  }
}

async function fetchIdentityToken(
  { provider, audience }: Federation,
  io: ClientIo,
): Promise<string> {
  const obstacle = provider.obstacle(audience, io.env);
  if (obstacle !== undefined) throw new ClientError("identity_unavailable", obstacle);
  const token = await provider.identityToken(audience, io);
  if (isFor(token, audience)) return token;
  const audiences = audiencesOf(token);
  throw new ClientError(
    "identity_invalid",
    audiences === undefined
      ? `The identity token of ${provider.title} is not a valid JSON Web Token. Run the job again.`
      : `The identity token of ${provider.title} is for ${
        sanitizeLine(audiences.join(", ") || "nobody")
      }, not for ${audience}, and is not sent. If the operator trusts that audience, name it ` +
        `with --federation-audience.`,
  );
}

function refusal(
  { provider, server, audience, scope }: Federation,
  identityToken: string,
  answer: { error: string; description: string | undefined },
): ClientError {
  const said = sanitizeLine(answer.description ?? answer.error, 500);
  if (!isOfSubject(answer)) {
    return new ClientError("request_rejected", `${server} refused the job's identity: ${said}`);
  }
  const claims = unverifiedClaims(identityToken) ?? {};
  const command = [
    ...[brand.binaryName, "admin", "trust", "add"],
    ...provider.trustArguments(claims),
    ...(audience === server ? [] : flag("audience", audience)),
    ...flag("scope", scope?.split(" ")[0] ?? "SCOPE"),
  ];
  const once = provider.fresh || claims.jti === undefined
    ? ""
    : "If this is not the job's first call: from another address, or where the rule's provider does " +
      "not reuse its tokens, the same identity token is taken once only. Keep what the first call " +
      "has given.\n";
  return new ClientError(
    "identity_rejected",
    `${server} did not take the identity of ${provider.title}: ${said}\n${once}` +
      `The operator lets such jobs in with\n  ${
        command.map((word) => shellWord(sanitizeLine(word))).join(" ")
      }\n` +
      `and sees why one was refused in the audit log, or with: ` +
      `${brand.binaryName} admin trust test --token-stdin`,
  );
}
