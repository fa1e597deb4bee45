/** The providers a job's identity can come from, as `--federation` takes them. */
export const PROVIDER_NAMES = [
  "github",
  "gitlab",
  "buildkite",
  "circleci",
  "bitbucket",
  "kubernetes",
  "google",
] as const;

export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What `--federation` takes: `auto` is what the environment shows, `off` none. */
export const FEDERATION_CHOICES = ["auto", "off", ...PROVIDER_NAMES] as const;
