/**
 * Clients are managed by the command line, over REST and in the browser. Invariant: each action
 * leaves the same rows and audit events, whichever is used.
 */
import { adminClientAdd } from "../../../server/cli/admin/client/add.ts";
import { adminClientDisable } from "../../../server/cli/admin/client/disable.ts";
import { adminClientRemove } from "../../../server/cli/admin/client/remove.ts";
import { adminClientRotateSecret } from "../../../server/cli/admin/client/rotate_secret.ts";
import { adminClientUpdate } from "../../../server/cli/admin/client/update.ts";
import { brand } from "../../../shared/brand.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";

const CLIENTS = "/api/v1/clients";
const CLI = `${brand.productName} command line`;

/** The fields of the form of the client acme-cli. */
const form = {
  name: "Acme CLI",
  homepage: "https://acme.example/cli",
  "grant:device": "on",
  "grant:code": "on",
  redirectUris: "loopback",
  consent: "remember",
  "deviceFlow:fresh-sign-in": "on",
  scope_limit: "selected",
  "scope:openid": "on",
  "scope:deploy": "on",
  resource_limit: "all",
  accessTokenLifetime: "10m",
  refreshTokenIdleLifetime: "7d",
  refreshTokenAbsoluteLifetime: "",
};

const ACTIONS: Action[] = [
  {
    name: "adds a program",
    cli: (io, options) =>
      adminClientAdd("Acme CLI", {
        ...options,
        public: true,
        id: "acme-cli",
        homepage: form.homepage,
        grant: ["device", "code"],
        redirect: ["loopback"],
        consent: "remember",
        deviceFlow: ["fresh-sign-in"],
        scope: ["openid", "deploy"],
        accessLifetime: "10m",
        refreshIdle: "7d",
      }, io),
    rest: ["POST", CLIENTS, {
      name: "Acme CLI",
      id: "acme-cli",
      type: "public",
      homepage: form.homepage,
      grants: ["device", "code"],
      redirect_uris: ["loopback"],
      consent: "remember",
      device_flow: ["fresh-sign-in"],
      scopes: ["openid", "deploy"],
      access_token_lifetime: 600,
      refresh_token_idle_lifetime: 604_800,
    }],
    page: ["/admin/clients/add?type=public", { ...form, id: "acme-cli" }],
  },
  {
    name: "adds a program with defaults",
    cli: (io, options) => adminClientAdd("Plain", { ...options, public: true, id: "plain" }, io),
    rest: ["POST", CLIENTS, { name: "Plain", id: "plain", type: "public" }],
    page: ["/admin/clients/add?type=public", {
      name: "Plain",
      id: "plain",
      "grant:device": "on",
      scope_limit: "all",
    }],
  },
  {
    name: "adds a service",
    secret: true,
    cli: (io, options) => adminClientAdd("Billing", { ...options, id: "billing" }, io),
    rest: ["POST", CLIENTS, { name: "Billing", id: "billing", type: "confidential" }],
    page: ["/admin/clients/add?type=confidential", {
      name: "Billing",
      id: "billing",
      scope_limit: "all",
    }],
  },
  {
    name: "rejects an id that is taken",
    refused: true,
    cli: (io, options) => adminClientAdd("Other", { ...options, id: "billing" }, io),
    rest: ["POST", CLIENTS, { name: "Other", id: "billing", type: "confidential" }],
    page: ["/admin/clients/add?type=confidential", {
      name: "Other",
      id: "billing",
      scope_limit: "all",
    }],
  },
  {
    name: "changes a client and removes limits",
    cli: (io, options) =>
      adminClientUpdate("acme-cli", {
        ...options,
        name: "Acme",
        scope: ["openid", "read"],
        accessLifetime: "5m",
        clear: ["homepage", "refresh-idle", "device-flow"],
      }, io),
    rest: ["PATCH", `${CLIENTS}/acme-cli`, {
      name: "Acme",
      scopes: ["openid", "read"],
      access_token_lifetime: 300,
      homepage: null,
      refresh_token_idle_lifetime: null,
      device_flow: [],
    }],
    page: ["/admin/clients/edit?client=acme-cli", {
      ...without(form, "scope:deploy", "deviceFlow:fresh-sign-in"),
      name: "Acme",
      "scope:read": "on",
      accessTokenLifetime: "5m",
      homepage: "",
      refreshTokenIdleLifetime: "",
    }],
  },
  {
    name: "rejects a homepage without https",
    refused: true,
    cli: (io, options) =>
      adminClientUpdate("acme-cli", { ...options, homepage: "http://acme.example" }, io),
    rest: ["PATCH", `${CLIENTS}/acme-cli`, { homepage: "http://acme.example" }],
    page: ["/admin/clients/edit?client=acme-cli", { ...form, homepage: "http://acme.example" }],
  },
  {
    name: "rejects a change of an unknown client",
    refused: true,
    cli: (io, options) => adminClientUpdate("nobody", { ...options, name: "Nobody" }, io),
    rest: ["PATCH", `${CLIENTS}/nobody`, { name: "Nobody" }],
    page: ["/admin/clients/edit?client=nobody", { ...form, client: "nobody", name: "Nobody" }],
  },
  ...([["1h", 3600], ["0s", 0]] as const).map(([overlap, seconds]): Action => ({
    name: `rotates a secret with an overlap of ${overlap}`,
    secret: true,
    cli: (io, options) => adminClientRotateSecret("billing", { ...options, overlap }, io),
    rest: ["POST", `${CLIENTS}/billing/rotate-secret`, { overlap: seconds }],
    page: ["/admin/clients/rotate?client=billing", { overlap: String(seconds) }],
  })),
  {
    name: "rejects a rotation without a secret",
    refused: true,
    cli: (io, options) => adminClientRotateSecret("acme-cli", options, io),
    rest: ["POST", `${CLIENTS}/acme-cli/rotate-secret`, { overlap: 0 }],
    page: ["/admin/clients/rotate?client=acme-cli", { client: "acme-cli", overlap: "0" }],
  },
  ...(["disable", "enable", "disable"] as const).map((verb): Action => ({
    name: `${verb}s a client`,
    cli: (io, options) => adminClientDisable("acme-cli", verb === "disable", options, io),
    rest: ["POST", `${CLIENTS}/acme-cli/${verb}`],
    page: [`/admin/clients/${verb}?client=acme-cli`, {}],
  })),
  {
    name: "narrows the built-in command line",
    cli: (io, options) =>
      adminClientUpdate(brand.cliClientId, { ...options, scope: ["openid", "manage:clients"] }, io),
    rest: ["PATCH", `${CLIENTS}/${brand.cliClientId}`, { scopes: ["openid", "manage:clients"] }],
    page: [`/admin/clients/edit?client=${brand.cliClientId}`, {
      name: CLI,
      "grant:device": "on",
      "grant:code": "on",
      "grant:exchange": "on",
      redirectUris: "loopback",
      scope_limit: "selected",
      "scope:openid": "on",
      "scope:manage:clients": "on",
    }],
  },
  {
    name: "keeps the built-in command line",
    refused: true,
    cli: (io, options) => adminClientRemove(brand.cliClientId, options, io),
    rest: ["DELETE", `${CLIENTS}/${brand.cliClientId}`],
    page: [`/admin/clients/remove?client=${brand.cliClientId}`, { client: brand.cliClientId }],
  },
  {
    name: "removes a client",
    cli: (io, options) => adminClientRemove("acme-cli", options, io),
    rest: ["DELETE", `${CLIENTS}/acme-cli`],
    page: ["/admin/clients/remove?client=acme-cli", {}],
  },
];

Deno.test("clients are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: "client.",
    rows: async (sql, now) =>
      (await sql`select * from clients order by id`).map((
        {
          created_at,
          owner_id: _owner,
          secret_hash,
          previous_secret_hash,
          previous_secret_expires_at,
          ...row
        },
      ) => ({
        ...row,
        disabled_at: row.disabled_at !== null,
        secrets: [secret_hash, previous_secret_hash].map((hash) => hash?.length),
        overlap: previous_secret_expires_at && previous_secret_expires_at.getTime() - now,
        created: created_at !== null,
      })),
  });
});

function without(fields: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
