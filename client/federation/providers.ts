import type { WorkloadProvider } from "./provider.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { buildkite } from "./providers/buildkite.ts";
import { circleci } from "./providers/circleci.ts";
import { githubActions } from "./providers/github_actions.ts";
import { gitlabCi } from "./providers/gitlab_ci.ts";
import { googleMetadata } from "./providers/google_metadata.ts";
import { tokenFile } from "./providers/token_file.ts";

/**
 * In the order in which they are detected: a token file is named on purpose, and a machine of a
 * cloud may run the jobs of any CI provider.
 */
export const providers: readonly WorkloadProvider[] = [
  tokenFile(),
  githubActions,
  gitlabCi,
  buildkite,
  circleci,
  bitbucket,
  googleMetadata,
];

/** What `--federation` takes: `auto` is what the environment shows, `off` none. */
export const FEDERATION_CHOICES: readonly string[] = [
  "auto",
  "off",
  ...providers.map(({ name }) => name),
];
