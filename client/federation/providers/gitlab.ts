/**
 * GitLab CI: the `id_tokens` of a job are variables, whose names and audiences it chooses.
 * https://docs.gitlab.com/ci/secrets/id_token_authentication/
 */
import { brand } from "../../../shared/brand.ts";
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { ClientError } from "../../errors.ts";
import { audiencesOf, describeAudiences, isFor } from "../audience.ts";
import { claimText, flag } from "../trust_arguments.ts";
import type { Claims, Environment, WorkloadProvider } from "../provider.ts";

const ISSUER = "https://gitlab.com";

/** The variable that our messages and documentation suggest. */
const OWN_NAME = `${brand.envPrefix}_ID_TOKEN`;

export const gitlab: WorkloadProvider = {
  name: "gitlab",
  title: "GitLab CI",
  tokenType: ID_TOKEN_TYPE,
  reusesToken: true,
  detect: (env) => env.GITLAB_CI === "true",
  obstacle(audience, env) {
    const tokens = idTokens(env);
    if (tokens.some(([, token]) => isFor(token, audience))) return undefined;
    const others = tokens.map(([name, token]) => `${name} is for ${describeAudiences(token)}`);
    return `This GitLab job has no identity token for ${audience}` +
      `${others.length > 0 ? ` (${others.join("; ")})` : ""}. ` +
      `Add this to the job in .gitlab-ci.yml:\n` +
      `  id_tokens:\n    ${OWN_NAME}:\n      aud: ${audience}`;
  },
  identityToken(audience, io) {
    const variable = idTokens(io.env).find(([, token]) => isFor(token, audience));
    if (variable !== undefined) return Promise.resolve(variable[1]);
    throw new ClientError("identity_unavailable", this.obstacle(audience, io.env)!);
  },
  trustArguments(claims) {
    const issuer = claimText(claims, "iss");
    return [
      ...(issuer === ISSUER ? ["gitlab"] : ["gitlab-self-managed"]),
      claimText(claims, "project_path") ?? "GROUP/PROJECT",
      ...flag("repository-id", claimText(claims, "project_id")),
      ...runFlags(claims),
      ...(issuer === ISSUER ? [] : flag("issuer", issuer)),
    ];
  },
};

function runFlags(claims: Claims): string[] {
  const environment = claimText(claims, "environment");
  if (environment !== undefined) return flag("environment", environment);
  const kind = claims.ref_type === "tag" ? "tag" : "branch";
  return flag(kind, claimText(claims, "ref") ?? kind.toUpperCase());
}

/** Variables named like an identity token: our own first, then the conventional name. */
function idTokens(env: Environment): [name: string, token: string][] {
  const rank = (name: string) => [OWN_NAME, "ID_TOKEN"].indexOf(name) + 1 || Infinity;
  return Object.entries(env)
    .flatMap(([name, value]): [string, string][] =>
      /(^|_)ID_TOKEN$/.test(name) && value && audiencesOf(value) ? [[name, value]] : []
    )
    .sort(([a], [b]) => rank(a) - rank(b));
}
