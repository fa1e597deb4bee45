/**
 * GitHub Actions: a job with `id-token: write` can request tokens from its own URL.
 * https://docs.github.com/actions/reference/openid-connect-reference
 */
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { NoResponseError } from "../../oauth/no_response_error.ts";
import { isLoopback } from "../../oauth/host.ts";
import { type HttpResponse, request } from "../../oauth/http.ts";
import { isTemporary } from "../../oauth/server_request.ts";
import { claimText, flag, refFlag } from "../trust_arguments.ts";
import type { Claims, Environment, WorkloadProvider } from "../provider.ts";

const ISSUER = "https://token.actions.githubusercontent.com";

/** Pauses before further attempts; GitHub's own toolkit repeats requests as well. */
const PAUSES_MS = [1000, 3000];

const TIMEOUT_MS = 10_000;

export const github: WorkloadProvider = {
  name: "github",
  title: "GitHub Actions",
  tokenType: ID_TOKEN_TYPE,
  reusesToken: false,
  detect: (env) => env.GITHUB_ACTIONS === "true",
  obstacle(_audience, env) {
    if (requestAddress(env) !== undefined) return undefined;
    return "This job has no permission to request an identity token. Add this to the workflow or " +
      "the job, together with the other permissions that it needs:\n" +
      "  permissions:\n    id-token: write\n    contents: read\n" +
      "A reusable workflow also needs the permission in its caller. Runs for pull requests from " +
      "forks cannot have it.";
  },
  async identityToken(audience, io) {
    const { url, bearerToken } = requestAddress(io.env)!;
    url.searchParams.set("audience", audience);
    const response = await requestWithRetries(url, bearerToken, io);
    const token = response.body?.value;
    if (response.status === 200 && typeof token === "string") return token;
    throw new ClientError(
      isTemporary(response.status) ? "server_unavailable" : "identity_invalid",
      `GitHub issued no identity token for this job (HTTP ${response.status} from ${url.origin}). ` +
        `Run the job again.`,
    );
  },
  trustArguments(claims) {
    const issuer = claimText(claims, "iss");
    const environment = claimText(claims, "environment");
    return [
      ...(issuer === ISSUER ? ["github"] : ["github-enterprise"]),
      claimText(claims, "repository") ?? "OWNER/REPOSITORY",
      ...flag("repository-id", claimText(claims, "repository_id")),
      // An environment has its own protection rules, branches among them.
      ...(environment === undefined ? refOf(claims) : flag("environment", environment)),
      ...(issuer === ISSUER ? [] : flag("issuer", issuer)),
    ];
  },
};

function refOf(claims: Claims): string[] {
  const flags = refFlag(claimText(claims, "ref"));
  // Pull requests should not be trusted: the operator names a branch instead.
  return flags.length > 0 ? flags : ["--branch", "BRANCH"];
}

function requestAddress(env: Environment): { url: URL; bearerToken: string } | undefined {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearerToken } =
    env;
  if (!address || !bearerToken || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  // Without TLS the bearer token could be read on the network.
  return url.protocol === "https:" || isLoopback(url) ? { url, bearerToken } : undefined;
}

async function requestWithRetries(
  url: URL,
  bearerToken: string,
  io: ClientIo,
): Promise<HttpResponse> {
  for (const pause of PAUSES_MS) {
    try {
      const response = await request(url.href, io, { bearerToken, timeoutMs: TIMEOUT_MS });
      if (!isTemporary(response.status)) return response;
    } catch (error) {
      if (!(error instanceof NoResponseError)) throw error;
    }
    await io.sleep(pause, io.signal);
  }
  return await request(url.href, io, { bearerToken, timeoutMs: TIMEOUT_MS });
}
