import type { Provider } from "./provider.ts";
import { azure } from "./providers/azure.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { buildkite } from "./providers/buildkite.ts";
import { circleci } from "./providers/circleci.ts";
import { generic } from "./providers/generic.ts";
import { github } from "./providers/github.ts";
import { githubEnterprise } from "./providers/github_enterprise.ts";
import { gitlab } from "./providers/gitlab.ts";
import { gitlabSelfManaged } from "./providers/gitlab_self_managed.ts";
import { google } from "./providers/google.ts";
import { kubernetes } from "./providers/kubernetes.ts";

/** In the order in which help, pages and documentation list them. */
const declared = [
  github,
  githubEnterprise,
  gitlab,
  gitlabSelfManaged,
  buildkite,
  circleci,
  bitbucket,
  google,
  azure,
  kubernetes,
  generic,
] as const satisfies readonly Provider[];

export type ProviderName = typeof declared[number]["name"];

export const providers: readonly (Provider & { name: ProviderName })[] = declared;

const byName = new Map<string, Provider>(providers.map((provider) => [provider.name, provider]));

export function isProviderName(name: string): name is ProviderName {
  return byName.has(name);
}

export function provider(name: ProviderName): Provider {
  return byName.get(name)!;
}
