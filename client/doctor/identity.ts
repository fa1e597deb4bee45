/** Checks of the identity of this CI job or workload. */
import { brand } from "../../shared/brand.ts";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";
import { ClientError } from "../errors.ts";
import { audiencesOf, describeAudiences, isFor } from "../federation/audience.ts";
import { detectProvider } from "../federation/detect.ts";
import { exchangeIdentity } from "../federation/exchange.ts";
import type { WorkloadProvider } from "../federation/provider.ts";
import type { ClientIo } from "../io.ts";
import { formatDuration } from "../output.ts";
import { failed, type Finding, ok, problem, warning } from "../../shared/finding.ts";
import type { TimeLimit } from "./time_limit.ts";

export async function identityFindings(
  server: string,
  isUsable: boolean,
  io: ClientIo,
  limit: TimeLimit,
): Promise<Finding[]> {
  const check = "identity";
  const provider = detectProvider(io.env);
  if (provider === undefined) return [ok(check, "no CI job or workload identity was detected")];
  const obstacle = provider.obstacle(server, io.env);
  if (obstacle !== undefined) {
    return [
      problem(
        check,
        `${provider.title} was detected, but gives this job no identity token`,
        obstacle,
      ),
    ];
  }
  try {
    const token = await withTimeout(provider.identityToken(server, io), limit.nextMs());
    if (!isFor(token, server)) {
      const audience = audiencesOf(token) === undefined
        ? "is not a JSON Web Token"
        : `is for ${describeAudiences(token)}, not for ${server}`;
      return [problem(
        check,
        `the identity token of ${provider.title} ${audience}`,
        "Request one for the server. If the operator trusts that audience, name it with " +
          "--federation-audience.",
      )];
    }
    return [
      ok(check, `${provider.title} issues an identity token for ${server}`),
      await exchangeFinding(provider, server, isUsable, io, limit),
    ];
  } catch (error) {
    return [failure(check, `${provider.title} issues no identity token`, error)];
  }
}

async function exchangeFinding(
  provider: WorkloadProvider,
  server: string,
  isUsable: boolean,
  io: ClientIo,
  limit: TimeLimit,
): Promise<Finding> {
  const check = "exchange";
  if (!isUsable) return ok(check, "the identity token was not exchanged");
  if (provider.reusesToken) {
    return ok(
      check,
      "the identity token was not exchanged, because the server may accept it only once; " +
        `${brand.binaryName} token --federation auto exchanges it`,
    );
  }
  try {
    const federation = { provider, server, audience: server, scope: undefined };
    const { expiresAt, scope } = await withTimeout(
      exchangeIdentity(federation, io),
      limit.nextMs(),
    );
    return ok(
      check,
      `${server} exchanges it for an access token with ${scope ?? "no scopes"}, valid for ${
        formatDuration(expiresAt - io.clock.now())
      }`,
    );
  } catch (error) {
    return failure(check, "the identity token is not exchanged", error);
  }
}

function failure(check: string, message: string, error: unknown): Finding {
  if (error instanceof TimeoutError) {
    return warning(check, `${message} in time`, "Try again later.");
  }
  if (!(error instanceof ClientError)) throw error;
  const [reason, ...advice] = error.message.split("\n");
  return advice.length === 0
    ? failed(check, `${message}: ${reason}`)
    : problem(check, `${message}: ${reason.replace(/\.$/, "")}`, advice.join("\n"));
}
