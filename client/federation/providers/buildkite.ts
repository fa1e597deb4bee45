/**
 * Buildkite: the agent that runs the job requests its tokens.
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
  reusesToken: false,
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
      "This job has no identity token: buildkite-agent is not on its PATH. In a container, mount " +
        "the agent, such as with `mount-buildkite-agent: true` of the Docker plugin.",
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
