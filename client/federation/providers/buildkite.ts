/**
 * Buildkite: the agent that runs the job asks for its tokens.
 * https://buildkite.com/docs/agent/cli/reference/oidc
 */
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import { programOutput } from "../program_output.ts";
import { claimText, flag } from "../trust_arguments.ts";
import type { WorkloadProvider } from "../provider.ts";

export const buildkite: WorkloadProvider = {
  name: "buildkite",
  title: "Buildkite",
  tokenType: ID_TOKEN_TYPE,
  fresh: true,
  detect: (env) => env.BUILDKITE === "true",
  obstacle: () => undefined,
  async identityToken(audience, io) {
    const token = await programOutput(
      "buildkite-agent",
      ["oidc", "request-token", "--audience", audience],
      io,
    );
    if (token !== undefined) return token;
    throw new ClientError(
      "identity_unavailable",
      "buildkite-agent is not on the PATH of this job, so it has no identity token. In a " +
        "container, mount it: the docker plugin does with `mount-buildkite-agent: true`.",
    );
  },
  trustArguments(claims) {
    const organization = claimText(claims, "organization_slug") ?? "ORGANIZATION";
    const pipeline = claimText(claims, "pipeline_slug") ?? "PIPELINE";
    return [
      "buildkite",
      `${organization}/${pipeline}`,
      ...flag("branch", claimText(claims, "build_branch")),
    ];
  },
};
