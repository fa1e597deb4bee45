import type { WorkloadProvider } from "./provider.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { buildkite } from "./providers/buildkite.ts";
import { circleci } from "./providers/circleci.ts";
import { github } from "./providers/github.ts";
import { gitlab } from "./providers/gitlab.ts";
import { google } from "./providers/google.ts";
import { tokenFile } from "./providers/token_file.ts";

/**
 * In the order in which they are detected: a token file is named on purpose, and a machine of a
 * cloud may run the jobs of any CI provider.
 */
export const providers: readonly WorkloadProvider[] = [
  tokenFile(),
  github,
  gitlab,
  buildkite,
  circleci,
  bitbucket,
  google,
];

/** What `--federation` takes: `auto` is what the environment shows, `off` none. */
export const FEDERATION_CHOICES: readonly string[] = [
  "auto",
  "off",
  ...providers.map(({ name }) => name),
];
