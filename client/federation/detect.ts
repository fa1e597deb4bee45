/** Which provider's identity this process has. */
import { ClientError } from "../errors.ts";
import type { Environment, WorkloadProvider } from "./provider.ts";
import { providers } from "./providers.ts";
import { tokenFile } from "./providers/token_file.ts";

/** The provider that the environment shows, without any request; undefined if it shows none. */
export function detectProvider(env: Environment): WorkloadProvider | undefined {
  return providers.find((provider) => provider.detect(env));
}

/** The options on federation. */
export interface FederationOptions {
  /** One of FEDERATION_CHOICES. */
  federation?: string;
  subjectTokenFile?: string;
}

/**
 * The provider that the options ask for; undefined if they ask for none. Throws ClientError for
 * options that contradict each other, and for `auto` where no provider is detected.
 */
export function requestedProvider(
  { federation, subjectTokenFile }: FederationOptions,
  env: Environment,
): WorkloadProvider | undefined {
  if (subjectTokenFile !== undefined) {
    if (federation !== undefined && federation !== "auto" && federation !== "kubernetes") {
      throw new ClientError(
        "invalid_option",
        `--subject-token-file cannot be used with --federation ${federation}.`,
      );
    }
    return tokenFile(subjectTokenFile);
  }
  if (federation === undefined || federation === "off") return undefined;
  const provider = federation === "auto"
    ? detectProvider(env)
    : providers.find(({ name }) => name === federation);
  if (provider !== undefined) return provider;
  throw new ClientError(
    "identity_unavailable",
    "No CI job or workload identity was found. Name the provider with --federation, or a file " +
      "that contains an identity token with --subject-token-file.",
  );
}
