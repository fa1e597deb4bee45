/**
 * Groups are managed by the command line, over REST and in the browser. Invariant: each action leaves
 * the same rows and audit events, whichever is used.
 */
import { adminGroupAdd } from "../../../server/cli/admin/group/add.ts";
import {
  adminGroupAddMember,
  adminGroupRemoveMember,
} from "../../../server/cli/admin/group/members.ts";
import { adminGroupRemove } from "../../../server/cli/admin/group/remove.ts";
import { adminGroupUpdate } from "../../../server/cli/admin/group/update.ts";
import { adminResourceAdd } from "../../../server/cli/admin/resource/add.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";

const GROUPS = "/api/v1/groups";
const BOB = "bob@example.com";
const BOB_ID = "5f1d6b0e-93a5-4c0f-8f0e-3d1b5f1f0b0b";
const OPS = "okta:Ops";

const ACTIONS: Action[] = [
  {
    name: "adds a group",
    cli: (io, options) => adminGroupAdd("deployers", options, io),
    rest: ["POST", GROUPS, { name: "deployers" }],
    page: ["/admin/groups/add", { name: "deployers", directories: "any" }],
  },
  {
    name: "adds a group with a description and groups of directories",
    cli: (io, options) =>
      adminGroupAdd("ops", { ...options, description: "Operators", from: [OPS, "entra:1 2"] }, io),
    rest: ["POST", GROUPS, { name: "ops", description: "Operators", from: [OPS, "entra:1 2"] }],
    page: ["/admin/groups/add", {
      name: "ops",
      description: "Operators",
      directories: "listed",
      from: `${OPS}\r\nentra:1 2\r\n`,
    }],
  },
  ...([
    ["a name that is taken, in another letter case", "Deployers", undefined],
    ["a role", "admin", undefined],
    ["a role in another letter case", "User", undefined],
    ["a name with a space", "a b", undefined],
    ["a group of a directory without the directory", "other", "Ops"],
    ["a group of a directory without a name", "other", "okta:"],
  ] as const).map(([what, name, from]): Action => ({
    name: `rejects ${what}`,
    refused: true,
    cli: (io, options) =>
      adminGroupAdd(name, { ...options, from: from === undefined ? undefined : [from, "x"] }, io),
    rest: ["POST", GROUPS, { name, from: from === undefined ? undefined : [from, "x"] }],
    page: ["/admin/groups/add", { name, directories: "listed", from: from ? `${from}\nx` : "" }],
  })),
  {
    name: "changes a group",
    cli: (io, options) =>
      adminGroupUpdate("ops", { ...options, from: [OPS], clear: ["description"] }, io),
    rest: ["PATCH", `${GROUPS}/ops`, { description: null, from: [OPS] }],
    page: ["/admin/groups/edit?group=ops", { description: "", directories: "listed", from: OPS }],
  },
  {
    name: "takes the groups of directories from a group",
    cli: (io, options) => adminGroupUpdate("ops", { ...options, from: ["none"] }, io),
    rest: ["PATCH", `${GROUPS}/ops`, { from: [] }],
    page: ["/admin/groups/edit?group=ops", { directories: "listed", from: "" }],
  },
  {
    name: "lets a directory create administrators",
    cli: (io, options) => adminGroupUpdate("admin", { ...options, from: ["okta:Admins"] }, io),
    rest: ["PATCH", `${GROUPS}/admin`, { from: ["okta:Admins"] }],
    page: ["/admin/groups/edit?group=admin", { from: "okta:Admins" }],
  },
  ...["user", "gone"].map((name): Action => ({
    name: `rejects a change of ${name}`,
    refused: true,
    cli: (io, options) => adminGroupUpdate(name, { ...options, from: [OPS] }, io),
    rest: ["PATCH", `${GROUPS}/${name}`, { from: [OPS] }],
    page: [`/admin/groups/edit?group=${name}`, { group: name, from: OPS }],
  })),
  {
    name: "adds a member",
    cli: (io, options) => adminGroupAddMember({ name: "deployers", user: BOB }, options, io),
    rest: ["POST", `${GROUPS}/deployers/members`, { user: BOB }],
    page: ["/admin/groups/add-member?group=deployers", { user: BOB }],
  },
  {
    name: "adds an administrator",
    cli: (io, options) => adminGroupAddMember({ name: "admin", user: BOB }, options, io),
    rest: ["POST", `${GROUPS}/admin/members`, { user: BOB }],
    page: ["/admin/groups/add-member?group=admin", { user: BOB }],
  },
  {
    name: "removes an administrator",
    cli: (io, options) => adminGroupRemoveMember({ name: "admin", user: BOB }, options, io),
    rest: ["DELETE", `${GROUPS}/admin/members/${BOB_ID}`],
    page: [`/admin/groups/remove-member?group=admin&user=${BOB_ID}`, {}],
  },
  {
    name: "removes a member",
    cli: (io, options) => adminGroupRemoveMember({ name: "deployers", user: BOB }, options, io),
    rest: ["DELETE", `${GROUPS}/deployers/members/${BOB_ID}`],
    page: [`/admin/groups/remove-member?group=deployers&user=${BOB_ID}`, {}],
  },
  {
    name: "adds the member again",
    cli: (io, options) => adminGroupAddMember({ name: "deployers", user: BOB }, options, io),
    rest: ["POST", `${GROUPS}/deployers/members`, { user: BOB }],
    page: ["/admin/groups/add-member?group=deployers", { user: BOB }],
  },
  ...([["deployers", "carol@example.com"], ["user", BOB], ["gone", BOB]] as const).map((
    [name, user],
  ): Action => ({
    name: `rejects the member ${user} of ${name}`,
    refused: true,
    cli: (io, options) => adminGroupAddMember({ name, user }, options, io),
    rest: ["POST", `${GROUPS}/${name}/members`, { user }],
    page: [`/admin/groups/add-member?group=${name}`, { group: name, user }],
  })),
  {
    name: "limits a scope to a group",
    cli: (io, options) =>
      adminResourceAdd({ name: "wiki", identifier: "https://wiki.example.test" }, {
        ...options,
        scope: ["wiki:edit=Edit pages"],
        scopeGroup: ["wiki:edit=deployers"],
      }, io),
    rest: ["POST", "/api/v1/resources", {
      name: "wiki",
      identifier: "https://wiki.example.test",
      scopes: [{ name: "wiki:edit", description: "Edit pages", groups: ["deployers"] }],
    }],
    page: ["/admin/resources/add", {
      name: "wiki",
      identifier: "https://wiki.example.test",
      "scope0.name": "wiki:edit",
      "scope0.description": "Edit pages",
      "scope0.groups": "deployers",
    }],
  },
  {
    name: "rejects a scope for a group that does not exist",
    refused: true,
    cli: (io, options) =>
      adminResourceAdd({ name: "shop", identifier: "https://shop.example.test" }, {
        ...options,
        scope: ["shop:buy=Buy"],
        scopeGroup: ["shop:buy=buyers"],
      }, io),
    rest: ["POST", "/api/v1/resources", {
      name: "shop",
      identifier: "https://shop.example.test",
      scopes: [{ name: "shop:buy", description: "Buy", groups: ["buyers"] }],
    }],
    page: ["/admin/resources/add", {
      name: "shop",
      identifier: "https://shop.example.test",
      "scope0.name": "shop:buy",
      "scope0.description": "Buy",
      "scope0.groups": "buyers",
    }],
  },
  {
    name: "removes a group, also from the scopes that name it",
    cli: (io, options) => adminGroupRemove("deployers", options, io),
    rest: ["DELETE", `${GROUPS}/deployers`],
    page: ["/admin/groups/remove?group=deployers", {}],
  },
  ...["admin", "user", "gone"].map((name): Action => ({
    name: `keeps ${name}`,
    refused: true,
    cli: (io, options) => adminGroupRemove(name, options, io),
    rest: ["DELETE", `${GROUPS}/${name}`],
    page: [`/admin/groups/remove?group=${name}`, { group: name }],
  })),
];

Deno.test("groups are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: "group.",
    seed: async (sql, now) => {
      await sql`
        insert into users (id, email, name, created_at)
        values (${BOB_ID}, ${BOB}, 'Bob', ${now})`;
    },
    rows: async (sql) => ({
      groups: (await sql`select * from groups order by name`).map(({ id: _, ...row }) => ({
        ...row,
        created_at: row.created_at !== null,
      })),
      members: await sql`
        select u.email, m.source, m.name from group_memberships m join users u on u.id = m.user_id
        order by u.email, m.name`,
      user: await sql`select groups, is_admin from users where email = ${BOB}`,
      scopes: await sql`select scopes from resources`,
    }),
  });
});
