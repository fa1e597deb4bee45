/**
 * CircleCI: each job has a token for its organization; its command line makes
 * one for another audience.
 * https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
 */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import { audiencesOf, isFor } from "../audience.ts";
import { programOutput } from "../program_output.ts";
import { claimText, flag, refFlag } from "../trust_arguments.ts";
import type { WorkloadProvider } from "../provider.ts";

export const circleci: WorkloadProvider = {
  name: "circleci",
  title: "CircleCI",
  tokenType: ID_TOKEN_TYPE,
  fresh: false,
  detect: (env) => env.CIRCLECI === "true",
  obstacle(_audience, env) {
    if (env.CIRCLE_OIDC_TOKEN_V2) return undefined;
    return "CircleCI gives this job no identity token (CIRCLE_OIDC_TOKEN_V2 is not set). Builds " +
      "of forks get one only where the project passes secrets to them, and CircleCI server " +
      "from 4.4 on.";
  },
  async identityToken(audience, io) {
    const given = io.env.CIRCLE_OIDC_TOKEN_V2!;
    if (isFor(given, audience)) return given;
    // The given one is for the organization: everyone who trusts that could use it elsewhere.
    const claims = JSON.stringify({ aud: audience });
    const token = await programOutput("circleci", ["run", "oidc", "get", "--claims", claims], io);
    if (token !== undefined) return token;
    throw new ClientError(
      "identity_unavailable",
      `CIRCLE_OIDC_TOKEN_V2 is for ${
        sanitizeLine(audiencesOf(given)?.join(", ") || "nobody")
      }, not ` +
        `for ${audience}, and there is no circleci command in this job to ask for another. If ` +
        `the operator trusts that audience, name it with --federation-audience.`,
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
