/**
 * `auth kubectl`: a credential plugin of kubectl and client-go, in the form
 * ExecCredential of client.authentication.k8s.io
 * (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/).
 */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { jwtFrom } from "../../auth/exchange.ts";
import { formatJson } from "../../output.ts";
import {
  chooseTokenSource,
  type SelectionWithFederation,
  tokenFrom,
} from "../../auth/token_source.ts";

export interface KubectlOptions extends SelectionWithFederation {
  exchange?: boolean;
}

const GROUP = "client.authentication.k8s.io";
/** They have the same fields. */
const VERSIONS = [`${GROUP}/v1`, `${GROUP}/v1beta1`];
const MIN_TTL_MS = 60_000;

export async function authKubectl(options: KubectlOptions, io: ClientIo): Promise<number> {
  const apiVersion = requestedVersion(io);
  const source = await chooseTokenSource(options, io);
  const { token, expiresAt } = options.exchange
    ? await jwtFrom(source, MIN_TTL_MS, options.scope, io)
    : await tokenFrom(source, MIN_TTL_MS, io);
  io.stdout(formatJson({
    apiVersion,
    kind: "ExecCredential",
    status: {
      token,
      // kubectl caches the token until then; without it, until the server answers 401.
      expirationTimestamp: expiresAt === undefined
        ? undefined
        : new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z"),
    },
  }));
  return EXIT.ok;
}

/** The only version that kubectl accepts. */
function requestedVersion({ env }: Pick<ClientIo, "env">): string {
  const info = env.KUBERNETES_EXEC_INFO;
  if (!info) return VERSIONS[0];
  let version: unknown;
  try {
    version = Object(JSON.parse(info)).apiVersion;
  } catch {
    throw new ClientError(
      "kubectl_version",
      "KUBERNETES_EXEC_INFO is not valid JSON. Update kubectl, or unset it.",
    );
  }
  if (typeof version === "string" && VERSIONS.includes(version)) return version;
  throw new ClientError(
    "kubectl_version",
    `kubectl requests ${sanitizeLine(version)}. In the kubeconfig, set the plugin's ` +
      `apiVersion to ${VERSIONS[0]}.`,
  );
}
