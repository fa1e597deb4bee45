/** Exchanges the identity token of a job for an access token (RFC 8693). Nothing is stored. */
import { formatTime } from "../../shared/format_time.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { shellWord } from "../../shared/shell_word.ts";
import type { ErrorResponse } from "../oauth/token_endpoint.ts";
import { type ExchangedToken, exchangeToken, isOfSubject } from "../oauth/token_exchange.ts";
import { audiencesOf, describeAudiences, isFor } from "./audience.ts";
import { flag } from "./trust_arguments.ts";
import type { WorkloadProvider } from "./provider.ts";

/** The identity to exchange, the server, and the scope to request. */
export interface Federation {
  provider: WorkloadProvider;
  server: string;
  /** The audience of the identity token; by default the server. */
  audience: string;
  /** Undefined: everything that the operator's rule grants. */
  scope: string | undefined;
}

/**
 * Fetches the identity token and exchanges it. Throws ClientError: with `authenticationRequired` if
 * there is no identity or the server does not trust it, with `temporaryFailure` if a retry may help.
 */
export async function exchangeIdentity(
  federation: Federation,
  io: ClientIo,
): Promise<ExchangedToken> {
  const identityToken = await fetchIdentityToken(federation, io);
  const { provider, server, scope } = federation;
  const subject = { token: identityToken, type: provider.tokenType, scope };
  const response = await exchangeToken(server, subject, io);
  switch (response.kind) {
    case "token":
      return response.token;
    case "temporary":
      throw new ClientError(
        "server_unavailable",
        `${server} cannot verify the identity token at the moment (HTTP ${response.status}). ` +
          `Try again later.`,
      );
    case "rejected":
      throw refusal(federation, identityToken, response, io);
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
  throw new ClientError(
    "identity_invalid",
    audiencesOf(token) === undefined
      ? `The identity token of ${provider.title} is not a JSON Web Token.`
      : `The identity token of ${provider.title} is for ${describeAudiences(token)}, not for ` +
        `${audience}, so it was not sent. If the operator trusts that audience, name it with ` +
        `--federation-audience.`,
  );
}

function refusal(
  { provider, server, audience, scope }: Federation,
  identityToken: string,
  response: ErrorResponse,
  { clock, timeZone }: Pick<ClientIo, "clock" | "timeZone">,
): ClientError {
  const { message } = response;
  if (!isOfSubject(response)) {
    return new ClientError("request_rejected", `${server} rejected the request: ${message}`);
  }
  const rejected = `${server} rejected the identity token of ${provider.title}: `;
  if (response.reason === "token_replayed") {
    return new ClientError("identity_rejected", `${rejected}${message}\n${replayAdvice(provider)}`);
  }
  const claims = unverifiedClaims(identityToken) ?? {};
  const expiresAt = Number(claims.exp) * 1000;
  if (expiresAt <= clock.now()) {
    return new ClientError(
      "identity_rejected",
      `${rejected}${message}\nBy this machine's clock, the token expired at ` +
        `${formatTime(expiresAt, timeZone)}. ${expiryAdvice(provider)}`,
    );
  }
  const command = [
    ...[brand.binaryName, "admin", "trust", "add"],
    ...provider.trustArguments(claims),
    ...(audience === server ? [] : flag("audience", audience)),
    ...flag("scope", scope?.split(" ")[0] || "SCOPE"),
  ];
  const once = !provider.reusesToken || claims.jti === undefined
    ? ""
    : "If this is not the first call in the job: the server may accept an identity token only " +
      "once. Keep the access token of the first call.\n";
  return new ClientError(
    "identity_rejected",
    `${rejected}${message}\n${once}` +
      `If no rule trusts jobs like this one yet, the operator adds one:\n  ${
        command.map((argument) => shellWord(sanitizeLine(argument))).join(" ")
      }\n` +
      `or approves this one, if it is listed:\n  ${brand.binaryName} admin trust requests\n` +
      `The audit log has the reason for the rejection. To test a token: ` +
      `${brand.binaryName} admin trust test --token-stdin`,
  );
}

/** A rule trusts the job already: another one would not help. */
function replayAdvice({ reusesToken }: WorkloadProvider): string {
  const copied = "If it was not used by this job, it may have been copied: the audit log has its " +
    "first use (workload.token_issued).";
  return reusesToken
    ? `All calls in this job have the same identity token. Run the commands that need an access ` +
      `token in one step: ${brand.binaryName} exec COMMAND\n${copied}`
    : copied;
}

function expiryAdvice({ reusesToken }: WorkloadProvider): string {
  return reusesToken
    ? "Run this command earlier in the job, or renew the file that has the token. If the time is " +
      "wrong, correct the clock."
    : "Run it again. If the time is wrong, correct the clock.";
}
