/**
 * CircleCI: each job has a token for its organization; the circleci command requests one for
 * another audience.
 * https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
 */
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import { describeAudiences, isFor } from "../audience.ts";
import { programOutput } from "../program_output.ts";
import { claimText, flag, refFlag } from "../trust_arguments.ts";
import type { WorkloadProvider } from "../provider.ts";

export const circleci: WorkloadProvider = {
  name: "circleci",
  title: "CircleCI",
  tokenType: ID_TOKEN_TYPE,
  reusesToken: true,
  detect: (env) => env.CIRCLECI === "true",
  obstacle(_audience, env) {
    if (env.CIRCLE_OIDC_TOKEN_V2) return undefined;
    return "This job has no identity token (CIRCLE_OIDC_TOKEN_V2 is not set). Builds of forks get " +
      "one only if the project passes secrets to them. CircleCI Server has them since version 4.4.";
  },
  async identityToken(audience, io) {
    const organizationToken = io.env.CIRCLE_OIDC_TOKEN_V2!;
    if (isFor(organizationToken, audience)) return organizationToken;
    // Not sent: every service that trusts the organization would accept it.
    const claims = JSON.stringify({ aud: audience });
    const token = await programOutput("circleci", ["run", "oidc", "get", "--claims", claims], io);
    if (token !== undefined) return token;
    throw new ClientError(
      "identity_unavailable",
      `CIRCLE_OIDC_TOKEN_V2 is for ${describeAudiences(organizationToken)}, not for ${audience}, ` +
        `and this job has no circleci command to request another. If the operator trusts that ` +
        `audience, name it with --federation-audience.`,
    );
  },
  trustArguments(claims) {
    const [, organization] = /\/org\/([^/]+)$/.exec(claimText(claims, "iss") ?? "") ?? [];
    const project = claimText(claims, "oidc.circleci.com/project-id");
    return [
      "circleci",
      organization ?? "ORGANIZATION-ID",
      ...flag("condition", project && `oidc.circleci.com/project-id=${project}`),
      ...refFlag(claimText(claims, "oidc.circleci.com/vcs-ref")),
    ];
  },
};
