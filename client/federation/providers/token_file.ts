/**
 * An identity token in a file that another program keeps current, such as a projected service
 * account token of Kubernetes.
 * https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
 */
import { brand } from "../../../shared/brand.ts";
import { JWT_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import { claimText, flag } from "../trust_arguments.ts";
import type { Claims, Environment, WorkloadProvider } from "../provider.ts";
import { bitbucket } from "./bitbucket.ts";
import { buildkite } from "./buildkite.ts";
import { circleci } from "./circleci.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { google } from "./google.ts";

/** Path of the file, like AWS_WEB_IDENTITY_TOKEN_FILE and AZURE_FEDERATED_TOKEN_FILE. */
const VARIABLE = `${brand.envPrefix}_SUBJECT_TOKEN_FILE`;

/** Tokens have a few kilobytes. */
const MAX_BYTES = 64 * 1024;

/** The file at `path`, or the one that the environment names. */
export function tokenFile(path?: string): WorkloadProvider {
  const pathIn = (env: Environment) => path ?? (env[VARIABLE] || undefined);
  return {
    name: "kubernetes",
    title: path === undefined ? `the file in ${VARIABLE}` : `the file ${path}`,
    tokenType: JWT_TYPE,
    reusesToken: true,
    detect: (env) => pathIn(env) !== undefined,
    obstacle(audience, env) {
      if (pathIn(env) !== undefined) return undefined;
      return `There is no token file. Project a service account token into the pod:\n` +
        `  volumes:\n    - name: identity\n      projected:\n        sources:\n` +
        `          - serviceAccountToken: { path: token, audience: "${audience}" }\n` +
        `Then set ${VARIABLE} to its path, or use --subject-token-file.`;
    },
    async identityToken(_audience, io) {
      const file = pathIn(io.env)!;
      const text = await readStart(file);
      if (text.trim() !== "") return text.trim();
      throw new ClientError(
        "identity_invalid",
        `${file} is empty. It must contain an identity token.`,
      );
    },
    trustArguments: (claims) =>
      ciProvider(claims)?.trustArguments(claims) ?? [
        ...subject(claims),
        ...flag("issuer", claimText(claims, "iss")),
      ],
  };
}

async function readStart(path: string): Promise<string> {
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(MAX_BYTES);
    let length = 0;
    while (length < MAX_BYTES) {
      const read = await file.read(buffer.subarray(length));
      if (read === null) break;
      length += read;
    }
    return new TextDecoder().decode(buffer.subarray(0, length));
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : "it cannot be read";
    throw new ClientError(
      "identity_invalid",
      `Cannot read an identity token from ${path}: ${reason}.`,
    );
  }
}

/**
 * The provider of a CI job whose token is in the file. A rule on its `sub` would not be safe: the
 * form of a GitHub subject depends on the job and the repository.
 */
function ciProvider(claims: Claims): Pick<WorkloadProvider, "trustArguments"> | undefined {
  const issuer = String(claims.iss);
  if (issuer === "https://token.actions.githubusercontent.com") return github;
  if (issuer === "https://gitlab.com") return gitlab;
  if (claims.repository_id !== undefined && claims.repository !== undefined) return github;
  if (claims.project_id !== undefined && claims.project_path !== undefined) return gitlab;
  if (claims.pipeline_slug !== undefined) return buildkite;
  if (claims.repositoryUuid !== undefined) return bitbucket;
  if (issuer.startsWith("https://oidc.circleci.com/org/")) return circleci;
  return issuer === "https://accounts.google.com" ? google : undefined;
}

function subject(claims: Claims): string[] {
  const sub = claimText(claims, "sub") ?? "SUBJECT";
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(sub) ?? [];
  if (namespace !== undefined) return ["kubernetes", `${namespace}/${account}`];
  if (/^https:\/\/(login\.microsoftonline\.com|sts\.windows\.net)\//.test(String(claims.iss))) {
    return ["azure", claimText(claims, "oid") ?? sub];
  }
  return ["generic", sub];
}
