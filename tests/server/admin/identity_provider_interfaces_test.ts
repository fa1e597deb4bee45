/**
 * Identity providers are managed by the command line, over REST and in the browser. Invariant: each
 * action leaves the same rows and audit events, whichever is used.
 */
import { adminIdpAdd } from "../../../server/cli/admin/idp/add.ts";
import { adminIdpDecide } from "../../../server/cli/admin/idp/decide.ts";
import { adminIdpDisable } from "../../../server/cli/admin/idp/disable.ts";
import { adminIdpRemove } from "../../../server/cli/admin/idp/remove.ts";
import { adminIdpUpdate } from "../../../server/cli/admin/idp/update.ts";
import type { ServerIo } from "../../../server/io.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";

const PROVIDERS = "/api/v1/identity-providers";
const PAGES = "/admin/identity-providers";
const OKTA = "https://acme.okta.com";

const withSecret = (io: ServerIo): ServerIo => ({
  ...io,
  readStdin: () => Promise.resolve("s3cret"),
});
const base = { clientId: "client", clientSecretStdin: true };
const body = { client_id: "client", client_secret: "s3cret" };
/** The fields of the form for a new provider. */
const form = {
  clientId: "client",
  clientSecret: "s3cret",
  firstSignIn: "queue",
};

const ACTIONS: Action[] = [
  {
    name: "adds a provider with all settings",
    cli: (io, options) =>
      adminIdpAdd("okta", {
        ...options,
        ...base,
        issuer: OKTA,
        title: "Acme",
        allowDomain: ["ACME.com", "acme.org"],
        required: true,
        firstSignIn: "refuse",
        groupsClaim: "groups",
        trustAddresses: true,
        acrValue: ["gold=2fa"],
        recheck: true,
        scope: ["groups"],
        disabled: true,
      }, withSecret(io)),
    rest: ["POST", PROVIDERS, {
      ...body,
      template: "okta",
      issuer: OKTA,
      title: "Acme",
      domains: ["ACME.com", "acme.org"],
      required: true,
      first_sign_in: "refuse",
      groups_claim: "groups",
      trusts_addresses: true,
      acr_values: [{ value: "gold", level: "2fa" }],
      recheck: true,
      scopes: ["groups"],
      disabled: true,
    }],
    page: [`${PAGES}/add`, {
      ...form,
      template: "okta",
      issuer: OKTA,
      title: "Acme",
      domains: "ACME.com, acme.org",
      required: "on",
      firstSignIn: "refuse",
      groupsClaim: "groups",
      trustsAddresses: "on",
      trustAcr: "on",
      acrValues: "gold=2fa",
      recheck: "on",
      scopes: "groups",
      disabled: "on",
    }],
  },
  {
    name: "adds a provider with defaults",
    cli: (io, options) => adminIdpAdd("google", { ...options, ...base }, withSecret(io)),
    rest: ["POST", PROVIDERS, { ...body, template: "google" }],
    page: [`${PAGES}/add`, { ...form, template: "google" }],
  },
  ...([
    ["a name that is taken", { template: "okta", name: "google", issuer: "https://b.okta.com" }],
    ["an issuer that is taken", { template: "google", name: "other" }],
    ["an issuer without https", { template: "okta", name: "other", issuer: "http://a.okta.com" }],
    ["an unknown template", { template: "myspace", name: "other", issuer: OKTA }],
    ["a name with capital letters", {
      template: "okta",
      name: "Other",
      issuer: "https://b.okta.com",
    }],
    ["a name in a path", { template: "okta", name: "../a", issuer: "https://b.okta.com" }],
  ] as const).map(([what, { template, ...identity }]): Action => ({
    name: `rejects ${what}`,
    refused: true,
    cli: (io, options) =>
      adminIdpAdd(template, { ...options, ...base, ...identity }, withSecret(io)),
    rest: ["POST", PROVIDERS, { ...body, template, ...identity }],
    page: [`${PAGES}/add`, { ...form, template, ...identity }],
  })),
  {
    name: "rejects a client secret with a line break",
    refused: true,
    cli: (io, options) =>
      adminIdpAdd("gitlab", { ...options, ...base }, {
        ...io,
        readStdin: () => Promise.resolve("a\nb"),
      }),
    rest: ["POST", PROVIDERS, { ...body, template: "gitlab", client_secret: "a\nb" }],
    page: [`${PAGES}/add`, { ...form, template: "gitlab", clientSecret: "a\nb" }],
  },
  {
    name: "changes settings",
    cli: (io, options) =>
      adminIdpUpdate("google", {
        ...options,
        title: "Work account",
        allowDomain: ["acme.net"],
        firstSignIn: "allow",
      }, io),
    rest: ["PATCH", `${PROVIDERS}/google`, {
      title: "Work account",
      domains: ["acme.net"],
      first_sign_in: "allow",
    }],
    page: [`${PAGES}/edit?provider=google`, {
      clientId: "client",
      title: "Work account",
      domains: "acme.net",
      firstSignIn: "allow",
    }],
  },
  {
    name: "rejects first sign-ins of anyone",
    refused: true,
    cli: (io, options) => adminIdpUpdate("google", { ...options, clear: ["allow-domain"] }, io),
    rest: ["PATCH", `${PROVIDERS}/google`, { domains: [] }],
    page: [`${PAGES}/edit?provider=google`, {
      clientId: "client",
      title: "Work account",
      domains: "",
      firstSignIn: "allow",
    }],
  },
  {
    name: "clears settings",
    cli: (io, options) =>
      adminIdpUpdate("okta", {
        ...options,
        required: false,
        trustAddresses: false,
        trustAcr: false,
        recheck: false,
        clear: ["title", "allow-domain", "groups-claim", "scope"],
      }, io),
    rest: ["PATCH", `${PROVIDERS}/okta`, {
      required: false,
      trusts_addresses: false,
      acr_values: null,
      recheck: false,
      title: null,
      domains: [],
      groups_claim: null,
      scopes: [],
    }],
    page: [`${PAGES}/edit?provider=okta`, { clientId: "client", firstSignIn: "refuse" }],
  },
  {
    name: "replaces the client secret",
    cli: (io, options) =>
      adminIdpUpdate("google", { ...options, clientSecretStdin: true }, {
        ...io,
        readStdin: () => Promise.resolve("another\n"),
      }),
    rest: ["PATCH", `${PROVIDERS}/google`, { client_secret: "another" }],
    page: [`${PAGES}/edit?provider=google`, {
      clientId: "client",
      title: "Work account",
      domains: "acme.net",
      firstSignIn: "allow",
      clientSecret: "another",
    }],
  },
  ...([true, false] as const).map((disabled): Action => {
    const verb = disabled ? "disable" : "enable";
    return {
      name: `${verb}s a provider`,
      cli: (io, options) => adminIdpDisable({ name: "google", disabled }, options, io),
      rest: ["POST", `${PROVIDERS}/google/${verb}`],
      page: [`${PAGES}/${verb}?provider=google`, {}],
    };
  }),
  {
    name: "rejects a change of an unknown provider",
    refused: true,
    cli: (io, options) => adminIdpUpdate("gone", { ...options, title: "X" }, io),
    rest: ["PATCH", `${PROVIDERS}/gone`, { title: "X" }],
    page: [`${PAGES}/edit?provider=gone`, { provider: "gone", firstSignIn: "queue" }],
  },
  ...(["approve", "deny"] as const).map((verb): Action => ({
    name: `rejects to ${verb} a request that does not wait`,
    refused: true,
    cli: (io, options) =>
      adminIdpDecide({ request: "nobody@acme.com", approve: verb === "approve" }, options, io),
    rest: ["POST", `/api/v1/sign-in-requests/00000000-0000-0000-0000-000000000000/${verb}`],
    page: [`${PAGES}/requests/${verb}?request=x`, { request: "x" }],
  })),
  {
    name: "removes a provider",
    cli: (io, options) => adminIdpRemove("okta", options, io),
    rest: ["DELETE", `${PROVIDERS}/okta`],
    page: [`${PAGES}/remove?provider=okta`, {}],
  },
];

Deno.test("identity providers are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: "identity",
    rows: async (sql) =>
      (await sql`select * from identity_providers order by name`).map((
        { created_at, disabled_at, client_secret, ...row },
      ) => ({
        ...row,
        created: created_at !== null,
        disabled: disabled_at !== null,
        secret: new TextDecoder().decode(client_secret),
      })),
  });
});
