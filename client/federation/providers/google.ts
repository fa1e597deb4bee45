/**
 * Google Cloud: the metadata server signs tokens for the service account of a
 * machine, a Cloud Run service or a GKE pod.
 * https://cloud.google.com/compute/docs/instances/verifying-instance-identity
 */
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { NoResponseError } from "../../oauth/no_response_error.ts";
import { type HttpResponse, request } from "../../oauth/http.ts";
import { isTemporary } from "../../oauth/server_request.ts";
import { claimText } from "../trust_arguments.ts";
import type { WorkloadProvider } from "../provider.ts";

const PATH = "/computeMetadata/v1/instance/service-accounts/default/identity";

/** The server is on this machine, or not at all. */
const TIMEOUT_MS = 3000;

export const google: WorkloadProvider = {
  name: "google",
  title: "Google Cloud",
  tokenType: ID_TOKEN_TYPE,
  reusesToken: true,
  // Services and jobs of Cloud Run. Virtual machines cannot be detected without a request, which
  // would be slow everywhere else: they need `--federation google`.
  detect: (env) => Boolean(env.K_SERVICE || env.CLOUD_RUN_JOB),
  obstacle: () => undefined,
  async identityToken(audience, io) {
    // The variable of Google's own libraries.
    const host = io.env.GCE_METADATA_HOST || "metadata.google.internal";
    const query = new URLSearchParams({ audience, format: "full" });
    const response = await requestToken(`http://${host}${PATH}?${query}`, host, io);
    if (response.status === 200) return response.text.trim();
    throw new ClientError(
      isTemporary(response.status) ? "server_unavailable" : "identity_invalid",
      `Google's metadata server issued no identity token (HTTP ${response.status}). Give this ` +
        `machine or service a service account.`,
    );
  },
  // The number, since it is never reused, unlike the address.
  trustArguments: (claims) => ["google", claimText(claims, "sub") ?? "SERVICE-ACCOUNT"],
};

async function requestToken(url: string, host: string, io: ClientIo): Promise<HttpResponse> {
  try {
    const headers = { "metadata-flavor": "Google" };
    return await request(url, io, { headers, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof NoResponseError)) throw error;
    throw new ClientError(
      "identity_unavailable",
      `Google's metadata server (${host}) does not answer. Is this machine in Google Cloud? ` +
        `Requests to it must not use a proxy: set NO_PROXY=${host}.`,
    );
  }
}
