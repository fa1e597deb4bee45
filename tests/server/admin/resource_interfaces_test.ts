/**
 * Resources are managed by the command line, over REST and in the browser. Invariant: each action
 * leaves the same rows and audit events, whichever is used.
 */
import { adminResourceAdd } from "../../../server/cli/admin/resource/add.ts";
import { adminResourceRemove } from "../../../server/cli/admin/resource/remove.ts";
import { adminResourceUpdate } from "../../../server/cli/admin/resource/update.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";

const RESOURCES = "/api/v1/resources";
const ORDERS = "https://orders.example.test";
const EDIT = "/admin/resources/edit?resource=orders";

/** The fields of the form of the resource orders. */
const form = {
  title: "Orders",
  "scope0.name": "orders:read",
  "scope0.description": "See your orders",
  "scope1.name": "orders:refund",
  "scope1.description": "Refund orders",
  "scope1.admin": "on",
  "scope1.login": "on",
  accessTokenLifetime: "5m",
  signingAlgorithm: "RS256",
  "claim:email": "on",
};

const REFUND = {
  name: "orders:refund",
  description: "Refund orders",
  roles: ["admin"],
  tokens: false,
};

const ACTIONS: Action[] = [
  {
    name: "adds a resource",
    cli: (io, options) =>
      adminResourceAdd({ name: "orders", identifier: ORDERS }, {
        ...options,
        title: "Orders",
        scope: ["orders:read=See your orders"],
        adminScope: ["orders:refund=Refund orders"],
        loginOnly: ["orders:refund"],
        accessLifetime: "5m",
        signingAlgorithm: "RS256",
        claim: ["email"],
      }, io),
    rest: ["POST", RESOURCES, {
      name: "orders",
      identifier: ORDERS,
      title: "Orders",
      scopes: [{ name: "orders:read", description: "See your orders" }, REFUND],
      access_token_lifetime: 300,
      signing_algorithm: "RS256",
      claims: ["email"],
    }],
    page: ["/admin/resources/add", { ...form, name: "orders", identifier: ORDERS }],
  },
  {
    name: "adds a resource with defaults",
    cli: (io, options) =>
      adminResourceAdd({ name: "plain", identifier: "https://plain.example.test" }, options, io),
    rest: ["POST", RESOURCES, { name: "plain", identifier: "https://plain.example.test" }],
    page: ["/admin/resources/add", { name: "plain", identifier: "https://plain.example.test" }],
  },
  ...([
    ["a name that is taken", "orders", "https://other.example.test"],
    ["an identifier that is taken", "other", `${ORDERS}/`],
    ["a name that every server has", "management", "https://other.example.test"],
    ["an identifier without https", "other", "http://other.example.test"],
    ["an identifier with a query", "other", "https://other.example.test/?a=b"],
    ["a name with capital letters", "Other", "https://other.example.test"],
  ] as const).map(([what, name, identifier]): Action => ({
    name: `rejects ${what}`,
    refused: true,
    cli: (io, options) => adminResourceAdd({ name, identifier }, options, io),
    rest: ["POST", RESOURCES, { name, identifier }],
    page: ["/admin/resources/add", { name, identifier }],
  })),
  ...([
    ["another resource", "orders:read"],
    ["the default resource", "deploy"],
    ["every server", "openid"],
    ["the management interface", "manage:orders"],
  ] as const).map(([owner, scope]): Action => ({
    name: `rejects a scope of ${owner}`,
    refused: true,
    cli: (io, options) => adminResourceUpdate("plain", { ...options, scope: [`${scope}=X`] }, io),
    rest: ["PATCH", `${RESOURCES}/plain`, { scopes: [{ name: scope, description: "X" }] }],
    page: ["/admin/resources/edit?resource=plain", {
      "scope0.name": scope,
      "scope0.description": "X",
    }],
  })),
  {
    name: "adds, describes and removes scopes",
    cli: (io, options) =>
      adminResourceUpdate("orders", {
        ...options,
        scope: ["orders:read=See all of your orders", "orders:cancel=Cancel your orders"],
        removeScope: ["orders:refund"],
      }, io),
    rest: ["PATCH", `${RESOURCES}/orders`, {
      scopes: [
        { name: "orders:read", description: "See all of your orders" },
        { name: "orders:cancel", description: "Cancel your orders" },
      ],
    }],
    page: [EDIT, {
      ...form,
      "scope0.description": "See all of your orders",
      "scope1.name": "orders:cancel",
      "scope1.description": "Cancel your orders",
      "scope1.admin": "",
      "scope1.login": "",
    }],
  },
  {
    name: "changes and clears settings",
    cli: (io, options) =>
      adminResourceUpdate("orders", {
        ...options,
        claim: ["email", "groups"],
        clear: ["title", "access-lifetime", "signing-algorithm"],
      }, io),
    rest: ["PATCH", `${RESOURCES}/orders`, {
      claims: ["email", "groups"],
      title: null,
      access_token_lifetime: null,
      signing_algorithm: null,
    }],
    page: [EDIT, {
      "scope0.name": "orders:read",
      "scope0.description": "See all of your orders",
      "scope1.name": "orders:cancel",
      "scope1.description": "Cancel your orders",
      "claim:email": "on",
      "claim:groups": "on",
    }],
  },
  ...([
    ["requires a second factor for a scope", "2fa"],
    ["requires a passkey for a scope", "phr"],
    ["requires no factor for a scope", null],
  ] as const).map(([name, factor]): Action => ({
    name,
    cli: (io, options) =>
      adminResourceUpdate("orders", {
        ...options,
        scope: ["orders:cancel=Cancel your orders"],
        scopeFactor: [`orders:cancel=${factor ?? "any"}`],
      }, io),
    rest: ["PATCH", `${RESOURCES}/orders`, {
      scopes: [
        { name: "orders:read", description: "See all of your orders" },
        { name: "orders:cancel", description: "Cancel your orders", factor },
      ],
    }],
    page: [EDIT, {
      "scope0.name": "orders:read",
      "scope0.description": "See all of your orders",
      "scope1.name": "orders:cancel",
      "scope1.description": "Cancel your orders",
      "scope1.factor": factor ?? "",
      "claim:email": "on",
      "claim:groups": "on",
    }],
  })),
  ...(["management", "default", "gone"] as const).map((name): Action => ({
    name: `rejects a change of ${name}`,
    refused: true,
    cli: (io, options) => adminResourceUpdate(name, { ...options, title: "X" }, io),
    rest: ["PATCH", `${RESOURCES}/${name}`, { title: "X" }],
    page: [`/admin/resources/edit?resource=${name}`, { resource: name, title: "X" }],
  })),
  {
    name: "keeps the default resource",
    refused: true,
    cli: (io, options) => adminResourceRemove("default", options, io),
    rest: ["DELETE", `${RESOURCES}/default`],
    page: ["/admin/resources/remove?resource=default", { resource: "default" }],
  },
  {
    name: "removes a resource",
    cli: (io, options) => adminResourceRemove("orders", options, io),
    rest: ["DELETE", `${RESOURCES}/orders`],
    page: ["/admin/resources/remove?resource=orders", {}],
  },
];

Deno.test("resources are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: "resource.",
    rows: async (sql) =>
      (await sql`select * from resources order by name`).map((
        { created_at, owner_id: _owner, ...row },
      ) => ({
        ...row,
        created: created_at !== null,
      })),
  });
});
