/**
 * Bitbucket Pipelines: a step with `oidc` has its token in a variable.
 * https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
 */
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { describeAudiences, isFor } from "../audience.ts";
import { claimText, flag } from "../trust_arguments.ts";
import type { WorkloadProvider } from "../provider.ts";

export const bitbucket: WorkloadProvider = {
  name: "bitbucket",
  title: "Bitbucket Pipelines",
  tokenType: ID_TOKEN_TYPE,
  reusesToken: true,
  detect: (env) => Boolean(env.BITBUCKET_PIPELINE_UUID || env.BITBUCKET_STEP_OIDC_TOKEN),
  obstacle(audience, env) {
    const token = env.BITBUCKET_STEP_OIDC_TOKEN;
    if (token && isFor(token, audience)) return undefined;
    const state = token ? `is for ${describeAudiences(token)}` : "is not set";
    return `This step has no identity token for ${audience} (BITBUCKET_STEP_OIDC_TOKEN ` +
      `${state}). Add this to the step in bitbucket-pipelines.yml:\n` +
      `  oidc:\n    audiences:\n      - ${audience}`;
  },
  identityToken: (_audience, io) => Promise.resolve(io.env.BITBUCKET_STEP_OIDC_TOKEN!),
  trustArguments: (claims) => [
    "bitbucket",
    claimText(claims, "repositoryUuid") ?? "{REPOSITORY-UUID}",
    ...flag("issuer", claimText(claims, "iss")),
    ...flag("branch", claimText(claims, "branchName")),
  ],
};
