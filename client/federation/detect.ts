/** Which provider's identity this process has. */
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError } from "../errors.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { buildkite } from "./providers/buildkite.ts";
import { circleci } from "./providers/circleci.ts";
import { githubActions } from "./providers/github_actions.ts";
import { gitlabCi } from "./providers/gitlab_ci.ts";
import { googleMetadata } from "./providers/google_metadata.ts";
import type { FEDERATION_CHOICES } from "./provider_names.ts";
import { tokenFile } from "./providers/token_file.ts";
import type { Environment, WorkloadProvider } from "./provider.ts";

/** In the order they are looked for: a file was named on purpose, a machine may host any job. */
const providers: readonly WorkloadProvider[] = [
  tokenFile(),
  githubActions,
  gitlabCi,
  buildkite,
  circleci,
  bitbucket,
  googleMetadata,
];

/** The provider the environment shows; undefined if it shows none. Touches nothing else. */
export function detectProvider(env: Environment): WorkloadProvider | undefined {
  return providers.find((provider) => provider.detect(env));
}

/** What the user has said about federation. */
export interface FederationWishes {
  federation?: (typeof FEDERATION_CHOICES)[number];
  subjectTokenFile?: string;
}

/**
 * The provider the user has asked for; undefined if they asked for none. Throws
 * ClientError for wishes that make no sense, and for `auto` where there is nothing to find.
 */
export function requestedProvider(
  { federation, subjectTokenFile }: FederationWishes,
  env: Environment,
): WorkloadProvider | undefined {
  if (subjectTokenFile !== undefined) {
    if (federation !== undefined && federation !== "auto" && federation !== "kubernetes") {
      throw new ClientError(
        EXIT.usage,
        `--subject-token-file does not go with --federation ${federation}.`,
      );
    }
    return tokenFile(subjectTokenFile);
  }
  if (federation === undefined || federation === "off") return undefined;
  const found = federation === "auto"
    ? detectProvider(env)
    : providers.find(({ name }) => name === federation);
  if (found !== undefined) return found;
  throw new ClientError(
    EXIT.authenticationRequired,
    "This is no CI job or workload whose identity could be used. Name the provider with " +
      "--federation, or a file that holds an identity token with --subject-token-file.",
  );
}
