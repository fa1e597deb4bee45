/**
 * Directories are managed by the command line, over REST and in the browser. Invariant: each action
 * leaves the same rows and audit events, whichever is used.
 */
import { adminScimAdd } from "../../../server/cli/admin/scim/add.ts";
import { adminScimDisable } from "../../../server/cli/admin/scim/disable.ts";
import { adminScimRemove } from "../../../server/cli/admin/scim/remove.ts";
import { adminScimRotateToken } from "../../../server/cli/admin/scim/rotate_token.ts";
import { adminScimUpdate } from "../../../server/cli/admin/scim/update.ts";
import { brand } from "../../../shared/brand.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";

const DIRECTORIES = "/api/v1/directories";

const ACTIONS: Action[] = [
  {
    name: "connects a directory",
    secret: true,
    cli: (io, options) => adminScimAdd("okta", options, io),
    rest: ["POST", DIRECTORIES, { name: "okta" }],
    page: ["/admin/directories/add", { name: "okta" }],
  },
  {
    name: "connects a directory with mail domains",
    secret: true,
    cli: (io, options) =>
      adminScimAdd("entra", { ...options, allowDomain: ["Example.com", "example.org"] }, io),
    rest: ["POST", DIRECTORIES, { name: "entra", domains: ["Example.com", "example.org"] }],
    page: ["/admin/directories/add", { name: "entra", domains: "Example.com\nexample.org\n" }],
  },
  {
    name: "rejects a name that is taken",
    refused: true,
    cli: (io, options) => adminScimAdd("okta", options, io),
    rest: ["POST", DIRECTORIES, { name: "okta" }],
    page: ["/admin/directories/add", { name: "okta" }],
  },
  {
    name: "rejects an invalid domain",
    refused: true,
    cli: (io, options) => adminScimUpdate("okta", { ...options, allowDomain: ["localhost"] }, io),
    rest: ["PATCH", `${DIRECTORIES}/okta`, { domains: ["localhost"] }],
    page: ["/admin/directories/edit?directory=okta", { domains: "localhost" }],
  },
  {
    name: "changes the mail domains",
    cli: (io, options) => adminScimUpdate("okta", { ...options, allowDomain: ["acme.test"] }, io),
    rest: ["PATCH", `${DIRECTORIES}/okta`, { domains: ["acme.test"] }],
    page: ["/admin/directories/edit?directory=okta", { domains: "acme.test" }],
  },
  {
    name: "removes the mail domains",
    cli: (io, options) => adminScimUpdate("okta", { ...options, clear: ["allow-domain"] }, io),
    rest: ["PATCH", `${DIRECTORIES}/okta`, { domains: [] }],
    page: ["/admin/directories/edit?directory=okta", { domains: "" }],
  },
  ...([["1h", 3600], ["0s", 0]] as const).map(([overlap, seconds]): Action => ({
    name: `rotates a token with an overlap of ${overlap}`,
    secret: true,
    cli: (io, options) => adminScimRotateToken("okta", { ...options, overlap }, io),
    rest: ["POST", `${DIRECTORIES}/okta/rotate-token`, { overlap: seconds }],
    page: ["/admin/directories/rotate?directory=okta", { overlap: String(seconds) }],
  })),
  ...(["disable", "enable"] as const).map((verb): Action => ({
    name: `${verb}s a directory`,
    cli: (io, options) => adminScimDisable("okta", verb === "disable", options, io),
    rest: ["POST", `${DIRECTORIES}/okta/${verb}`],
    page: [`/admin/directories/${verb}?directory=okta`, {}],
  })),
  {
    name: "removes a directory",
    cli: (io, options) => adminScimRemove("okta", options, io),
    rest: ["DELETE", `${DIRECTORIES}/okta`],
    page: ["/admin/directories/remove?directory=okta", {}],
  },
  {
    name: "rejects a removal of what is gone",
    refused: true,
    cli: (io, options) => adminScimRemove("okta", options, io),
    rest: ["DELETE", `${DIRECTORIES}/okta`],
    page: ["/admin/directories/remove?directory=okta", { directory: "okta" }],
  },
];

Deno.test("directories are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: "directory.",
    secret: new RegExp(`${brand.tokenPrefixes.directoryToken}[0-9A-Za-z]{40,}`, "g"),
    rows: async (sql, now) =>
      (await sql`select * from directories order by name`).map((row) => ({
        name: row.name,
        domains: row.domains,
        hashes: [row.token_hash, row.previous_token_hash].map((hash) => hash?.length),
        overlap: row.previous_token_expires_at && row.previous_token_expires_at.getTime() - now,
        disabled: row.disabled_at !== null,
      })),
  });
});
