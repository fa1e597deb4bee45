/** What a file can declare: every table and every key of it. */
import { RESOURCE_CLAIMS } from "../resources/resource.ts";
import { SIGNING_ALGORITHMS } from "../config/settings/tokens.ts";
import { TEMPLATE_NAMES } from "../identity_providers/templates.ts";
import { providers } from "../federation/providers.ts";
import { DEVICE_FLOW_RULES, FACTORS } from "../scopes.ts";
import { CLIENT_GRANTS, CONSENT_POLICIES } from "../store/clients.ts";
import { FIRST_SIGN_IN_POLICIES } from "../store/identity_providers.ts";
import type { ManagedKind } from "../store/managed.ts";
import type { Field, Kind } from "./field.ts";

const DISABLED: Field = {
  key: "disabled",
  property: "disabled",
  type: "boolean",
  default: false,
  description: "whether it is disabled",
};

const SCOPE_FIELDS: readonly Field[] = [
  {
    key: "description",
    property: "description",
    type: "text",
    required: true,
    description: "what the scope allows, as users approve it",
  },
  {
    key: "roles",
    property: "roles",
    type: "texts",
    values: ["admin", "user"],
    description: "roles that may have it. Default: all users",
  },
  {
    key: "groups",
    property: "groups",
    type: "texts",
    description: "groups that may have it, besides the roles",
  },
  {
    key: "clients",
    property: "clients",
    type: "texts",
    description: "ids of the clients that may request it. Default: all",
  },
  {
    key: "tokens",
    property: "tokens",
    type: "boolean",
    default: true,
    description: "false: personal access tokens cannot have it",
  },
  {
    key: "device_flow",
    property: "deviceFlow",
    type: "texts",
    values: DEVICE_FLOW_RULES,
    description: "what logins by device code need to get it",
  },
  {
    key: "factor",
    property: "factor",
    type: "text",
    values: FACTORS,
    description: "what the sign-in of the user who approves it must be at least",
  },
];

/** In the order in which they are added: what others refer to first. */
export const KINDS: readonly Kind[] = [
  {
    kind: "group",
    table: "groups",
    noun: "group",
    description: "Groups, which decide who may have a scope. `admin` can be declared too.",
    fields: [
      { key: "description", property: "description", type: "text", description: "what it is for" },
      {
        key: "from",
        property: "from",
        type: "texts",
        example: "okta:Deployers",
        description: "groups of directories whose members belong to it; [] for none. Default: " +
          "those of any directory that have its name",
      },
      {
        key: "members",
        property: "members",
        type: "texts",
        example: "alice@example.com",
        description: "e-mail addresses of all members who are added here. Default: members are " +
          "added and removed by hand",
      },
    ],
  },
  {
    kind: "scope",
    table: "scopes",
    noun: "scope",
    description: "Scopes of the default resource. A text is the description.",
    fields: SCOPE_FIELDS,
    shortFor: "description",
  },
  {
    kind: "resource",
    table: "resources",
    noun: "resource",
    description: "APIs that access tokens are issued for.",
    fields: [
      {
        key: "identifier",
        property: "identifier",
        type: "text",
        required: true,
        replaces: true,
        example: "https://orders.example.com",
        description: "the `aud` of its tokens: the URL of the API",
      },
      { key: "title", property: "title", type: "text", description: "how users know it" },
      {
        key: "scopes",
        property: "scopes",
        type: "scopes",
        default: {},
        description: "its scopes, each a description or a table as of `[scopes]`",
      },
      {
        key: "access_token_lifetime",
        property: "accessTokenLifetime",
        type: "duration",
        description: "lifetime of its access tokens. Default: as configured",
      },
      {
        key: "signing_algorithm",
        property: "signingAlgorithm",
        type: "text",
        values: SIGNING_ALGORITHMS,
        description: "of its access tokens. Default: as configured",
      },
      {
        key: "claims",
        property: "claims",
        type: "texts",
        values: RESOURCE_CLAIMS,
        default: [],
        description: "claims of its access tokens besides those of every token",
      },
    ],
  },
  {
    kind: "service-account",
    table: "service_accounts",
    noun: "service account",
    description: "Accounts that workloads and scripts act as.",
    fields: [
      {
        key: "scopes",
        property: "scopes",
        type: "texts",
        required: true,
        description: "the scopes that it may have at most",
      },
      DISABLED,
    ],
  },
  {
    kind: "client",
    table: "clients",
    noun: "client",
    description:
      "Programs that log in, and APIs that introspect tokens. The name is the client_id.",
    fields: [
      {
        key: "name",
        property: "name",
        type: "text",
        required: true,
        description: "as users see it when they approve a login",
      },
      {
        key: "type",
        property: "type",
        type: "text",
        values: ["public", "confidential"],
        default: "confidential",
        replaces: true,
        description: "whether it has a secret",
      },
      {
        key: "secret_file",
        property: "secret",
        type: "text",
        secret: "file",
        description: "file with the secret of a confidential client, of at least 32 characters. " +
          "Default: one that `admin client rotate-secret` creates",
      },
      {
        key: "secret_env",
        property: "secret",
        type: "text",
        secret: "environment",
        description: "environment variable with the secret, in place of `secret_file`",
      },
      {
        key: "homepage",
        property: "homepage",
        type: "text",
        description: "where users find out more about it",
      },
      {
        key: "grants",
        property: "grants",
        type: "texts",
        values: CLIENT_GRANTS,
        description: "how it gets tokens. Default: device if public, else none",
      },
      {
        key: "redirect_uris",
        property: "redirectUris",
        type: "texts",
        default: [],
        description: "where the browser returns to, or loopback",
      },
      {
        key: "consent",
        property: "consent",
        type: "text",
        values: CONSENT_POLICIES,
        default: "always",
        description: "whether users approve each login, or the same permissions once",
      },
      {
        key: "scopes",
        property: "scopes",
        type: "texts",
        description: "scopes that it may request. Default: all",
      },
      {
        key: "resources",
        property: "resources",
        type: "texts",
        description: "resources that it may use. Default: all for logins, the default one for " +
          "introspection",
      },
      {
        key: "device_flow",
        property: "deviceFlow",
        type: "texts",
        values: DEVICE_FLOW_RULES,
        default: [],
        description: "what its logins by device code need",
      },
      {
        key: "access_token_lifetime",
        property: "accessTokenLifetime",
        type: "duration",
        description: "lifetime of its access tokens. Default: as configured",
      },
      {
        key: "refresh_token_idle_lifetime",
        property: "refreshTokenIdleLifetime",
        type: "duration",
        description: "its logins expire after this time without use. Default: as configured",
      },
      {
        key: "refresh_token_absolute_lifetime",
        property: "refreshTokenAbsoluteLifetime",
        type: "duration",
        description: "its new logins expire after this time. Default: as configured",
      },
      DISABLED,
    ],
  },
  {
    kind: "identity-provider",
    table: "identity_providers",
    noun: "identity provider",
    description: "Providers with which users sign in.",
    fields: [
      {
        key: "template",
        property: "template",
        type: "text",
        values: TEMPLATE_NAMES,
        required: true,
        replaces: true,
        description: "the kind of provider",
      },
      {
        key: "issuer",
        property: "issuer",
        type: "text",
        replaces: true,
        description: "its issuer. Default: that of the template, if it has one",
      },
      { key: "title", property: "title", type: "text", description: "on its button" },
      {
        key: "client_id",
        property: "clientId",
        type: "text",
        required: true,
        description: "the client ID that the provider gave you",
      },
      {
        key: "client_secret_file",
        property: "clientSecret",
        type: "text",
        secret: "file",
        description: "file with the client secret",
      },
      {
        key: "client_secret_env",
        property: "clientSecret",
        type: "text",
        secret: "environment",
        description: "environment variable with the client secret",
      },
      {
        key: "domains",
        property: "domains",
        type: "texts",
        default: [],
        description: "mail domains that may sign in. Default: any",
      },
      {
        key: "required",
        property: "required",
        type: "boolean",
        default: false,
        description: "users of its domains have to sign in with it",
      },
      {
        key: "trusts_addresses",
        property: "trustsAddresses",
        type: "boolean",
        default: false,
        description: "every address that it sends counts as verified",
      },
      {
        key: "first_sign_in",
        property: "firstSignIn",
        type: "text",
        values: FIRST_SIGN_IN_POLICIES,
        description: "what happens at the first sign-in of an unknown user. Default: allow, or " +
          "queue where anyone can have an account and no domains are named",
      },
      {
        key: "groups_claim",
        property: "groupsClaim",
        type: "text",
        description: "claim with the groups of the user",
      },
      {
        key: "acr_mapping",
        property: "acrMapping",
        type: "levels",
        description: "what values of acr and amr count as: 2fa or phr",
      },
      {
        key: "scopes",
        property: "scopes",
        type: "texts",
        default: [],
        description: "scopes to request besides those of the template",
      },
      {
        key: "recheck",
        property: "recheck",
        type: "boolean",
        default: false,
        description: "check later that accounts still exist",
      },
      DISABLED,
    ],
  },
  {
    kind: "directory",
    table: "directories",
    noun: "directory",
    description: "Directories that provision users and groups over SCIM. `admin scim " +
      "rotate-token` creates the token.",
    fields: [
      {
        key: "domains",
        property: "domains",
        type: "texts",
        default: [],
        description: "mail domains whose accounts it may take over",
      },
      DISABLED,
    ],
  },
  {
    kind: "trust-rule",
    table: "trust_rules",
    noun: "trust rule",
    description: "Which workload identity tokens are accepted, and as whom.",
    fields: [
      {
        key: "provider",
        property: "provider",
        type: "text",
        values: providers.map(({ name }) => name),
        required: true,
        replaces: true,
        description: "the CI or workload provider",
      },
      {
        key: "subject",
        property: "subject",
        type: "text",
        isNotation: true,
        description: "the workload, such as OWNER/REPOSITORY. By name: prefer `repository_id`",
      },
      {
        key: "repository_id",
        property: "repositoryId",
        type: "text",
        isNotation: true,
        description: "the number of the repository or project, which is never given to others",
      },
      {
        key: "workflow",
        property: "workflow",
        type: "text",
        isNotation: true,
        description: "only this workflow",
      },
      {
        key: "branch",
        property: "branch",
        type: "text",
        isNotation: true,
        description: "only this branch",
      },
      {
        key: "tag",
        property: "tag",
        type: "text",
        isNotation: true,
        description: "only these tags",
      },
      {
        key: "environment",
        property: "environment",
        type: "text",
        isNotation: true,
        description: "only this environment",
      },
      {
        key: "conditions",
        property: "conditions",
        type: "texts",
        default: [],
        description: "further conditions: claim=value, or claim~glob",
      },
      {
        key: "issuer",
        property: "issuer",
        type: "text",
        description: "of its tokens. Default: that of the provider, if all customers share one",
      },
      {
        key: "audience",
        property: "audience",
        type: "text",
        description: "what `aud` must contain. Default: the URL of this server",
      },
      {
        key: "scopes",
        property: "scopes",
        type: "texts",
        required: true,
        description: "the scopes of the access tokens",
      },
      {
        key: "lifetime",
        property: "lifetime",
        type: "duration",
        default: 600,
        description: "lifetime of the access tokens. Default: 10m",
      },
      {
        key: "service_account",
        property: "serviceAccount",
        type: "text",
        replaces: true,
        description: "the service account that the workload acts as",
      },
      {
        key: "user",
        property: "user",
        type: "text",
        replaces: true,
        description: "the user that the workload acts as, by e-mail address, in place of " +
          "`service_account`",
      },
      {
        key: "expires",
        property: "expires",
        type: "date",
        description: "when the rule expires. Default: never",
      },
      DISABLED,
    ],
  },
];

export function kindOf(kind: ManagedKind): Kind {
  return KINDS.find((known) => known.kind === kind)!;
}
