import type { ProviderTemplate } from "./template.ts";
import { entra } from "./templates/entra.ts";
import { generic } from "./templates/generic.ts";
import { github } from "./templates/github.ts";
import { gitlab } from "./templates/gitlab.ts";
import { google } from "./templates/google.ts";
import { keycloak } from "./templates/keycloak.ts";
import { okta } from "./templates/okta.ts";

/** Every template, in the order of help and pages. */
export const templates: readonly ProviderTemplate[] = [
  google,
  entra,
  okta,
  github,
  gitlab,
  keycloak,
  generic,
];

export const TEMPLATE_NAMES: readonly string[] = templates.map(({ name }) => name);

/** The template with this name; the generic one for a name of another version. */
export function templateOf({ template }: { template: string }): ProviderTemplate {
  return templates.find(({ name }) => name === template) ?? generic;
}

/** The name of a provider as users know it. */
export function providerTitle(provider: { template: string; title?: string }): string {
  return provider.title ?? templateOf(provider).title;
}
