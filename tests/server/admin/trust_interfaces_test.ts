/**
 * Trust rules are managed by the command line, over REST and in the browser. Invariant: each action
 * leaves the same rows and audit events, whichever is used.
 */
import { adminTrustAdd } from "../../../server/cli/admin/trust/add.ts";
import { adminTrustDisable } from "../../../server/cli/admin/trust/disable.ts";
import { adminTrustEdit } from "../../../server/cli/admin/trust/edit.ts";
import { adminTrustRemove } from "../../../server/cli/admin/trust/remove.ts";
import { adminTrustApprove, adminTrustDismiss } from "../../../server/cli/admin/trust/requests.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { insertTrustRule } from "../../../server/store/trust_rules.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";
import { ISSUER } from "../../support/test_server.ts";
import { addTrustRequest } from "../../support/trust_requests.ts";

const RULES = "/api/v1/trust-rules";
const REQUESTS = "/api/v1/trust-requests";
const CI = "https://ci.example.test";
const ID = "5f1d6b0e-93a5-4c0f-8f0e-3d1b5f1f0b0b";
const ACCOUNT_ID = "6a2e7c1f-a4b6-4d10-9a1f-4e2c6a2a1c1c";
const RULE = `${RULES}/${ID}`;
const GITHUB = "https://token.actions.githubusercontent.com";

const subject = [{ claim: "sub", operator: "equals", values: ["deployer"] }];
const NARROW = [
  { claim: "repository_id", operator: "equals", values: ["75"], label: "acme/web" },
  { claim: "ref", operator: "equals", values: ["refs/heads/main"] },
  { claim: "repository_owner_id", operator: "equals", values: ["65"] },
];
const save = { step: "test", do: "save" };

const ACTIONS: Action[] = [
  {
    name: "adds a rule",
    cli: (io, options) =>
      adminTrustAdd("generic", "deployer", {
        ...options,
        issuer: CI,
        name: "new",
        scope: ["deploy"],
        audience: ISSUER,
      }, io),
    rest: ["POST", RULES, {
      name: "new",
      provider: "generic",
      issuer: CI,
      audience: ISSUER,
      conditions: subject,
      scopes: ["deploy"],
    }],
    page: ["/admin/trust/add?provider=generic", {
      ...save,
      provider: "generic",
      issuer: CI,
      subject: "deployer",
      name: "new",
      scopes: "1",
      "scope:deploy": "on",
    }],
  },
  {
    name: "rejects a name that is taken",
    refused: true,
    cli: (io, options) =>
      adminTrustAdd(
        "generic",
        "other",
        { ...options, issuer: CI, name: "new", scope: ["deploy"] },
        io,
      ),
    rest: ["POST", RULES, {
      name: "new",
      provider: "generic",
      issuer: CI,
      conditions: [{ claim: "sub", operator: "equals", values: ["other"] }],
      scopes: ["deploy"],
    }],
    page: ["/admin/trust/add?provider=generic", {
      ...save,
      provider: "generic",
      issuer: CI,
      subject: "other",
      name: "new",
      scopes: "1",
      "scope:deploy": "on",
    }],
  },
  {
    name: "rejects a rule that would trust workloads of others",
    refused: true,
    cli: (io, options) =>
      adminTrustAdd("generic", "*", { ...options, issuer: CI, name: "all", scope: ["deploy"] }, io),
    rest: ["POST", RULES, {
      name: "all",
      provider: "generic",
      issuer: CI,
      conditions: [{ claim: "sub", operator: "glob", values: ["*"] }],
      scopes: ["deploy"],
    }],
    page: ["/admin/trust/add?provider=generic", {
      ...save,
      provider: "generic",
      issuer: CI,
      subject: "*",
      name: "all",
      scopes: "1",
      "scope:deploy": "on",
    }],
  },
  ...(["disable", "enable", "disable"] as const).map((verb): Action => ({
    name: `${verb}s a rule`,
    cli: (io, options) => adminTrustDisable("ci", verb === "disable", { ...options }, io),
    rest: ["POST", `${RULE}/${verb}`],
    page: [`/admin/trust/${verb}?name=ci`, {}],
  })),
  {
    name: "changes a rule",
    cli: (io, options) => adminTrustEdit("ci", { ...options, lifetime: "5m" }, io),
    rest: ["PATCH", RULE, { lifetime: 300 }],
    page: ["/admin/trust/edit?rule=ci", {
      ...save,
      lifetime: "300",
      subject: "old",
      issuer: CI,
      "scope:deploy": "on",
      scopes: "1",
    }],
  },
  {
    name: "rejects a lifetime that is too long",
    refused: true,
    cli: (io, options) => adminTrustEdit("ci", { ...options, lifetime: "2h" }, io),
    rest: ["PATCH", RULE, { lifetime: 7200 }],
    page: ["/admin/trust/edit?rule=ci", {
      ...save,
      lifetime: "7200",
      subject: "old",
      issuer: CI,
      "scope:deploy": "on",
      scopes: "1",
    }],
  },
  {
    name: "removes a rule",
    cli: (io, options) => adminTrustRemove("ci", { ...options }, io),
    rest: ["DELETE", RULE],
    page: ["/admin/trust/remove?name=ci", {}],
  },
  {
    name: "rejects the approval of a scope that workloads cannot have",
    refused: true,
    cli: (io, options) => adminTrustApprove("1", { ...options, scope: ["openid"], yes: true }, io),
    rest: ["POST", `${REQUESTS}/1/approve`, { conditions: NARROW, scopes: ["openid"] }],
    page: ["/admin/trust/approve?workload=1", { "scope:openid": "on" }],
  },
  {
    name: "approves a rejected workload",
    cli: (io, options) => adminTrustApprove("1", { ...options, scope: ["read"], yes: true }, io),
    rest: ["POST", `${REQUESTS}/1/approve`, { conditions: NARROW, scopes: ["read"] }],
    page: ["/admin/trust/approve?workload=1", { "scope:read": "on" }],
  },
  {
    name: "rejects an approval a second time",
    refused: true,
    cli: (io, options) => adminTrustApprove("1", { ...options, scope: ["read"], yes: true }, io),
    rest: ["POST", `${REQUESTS}/1/approve`, { conditions: NARROW, scopes: ["read"] }],
    page: ["/admin/trust/approve?workload=1", { workload: "1", "scope:read": "on" }],
  },
  {
    name: "dismisses a rejected workload",
    cli: (io, options) => adminTrustDismiss("2", { ...options }, io),
    rest: ["POST", `${REQUESTS}/2/dismiss`],
    page: ["/admin/trust/dismiss?workload=2", {}],
  },
];

async function seed(sql: Sql, now: Date): Promise<void> {
  await createServiceAccount(sql, { name: "ci", scope: "deploy", now });
  // The event of a removal has the whole rule.
  await sql`update service_accounts set id = ${ACCOUNT_ID} where name = 'ci'`;
  await insertTrustRule(sql, {
    id: ID,
    name: "ci",
    provider: "generic",
    issuer: CI,
    audience: ISSUER,
    conditions: [{ claim: "sub", operator: "equals", values: ["old"] }],
    scope: "deploy",
    lifetimeSeconds: 600,
    principal: { id: ACCOUNT_ID, kind: "service_account" },
    createdAt: now,
  });
  for (const ref of ["refs/heads/main", "refs/heads/next"]) {
    await addTrustRequest(sql, { issuer: GITHUB, audience: ISSUER, ref, now });
  }
}

Deno.test("trust rules are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: "trust_",
    seed,
    rows: async (sql) => ({
      rules: (await sql`select * from trust_rules order by name`).map((
        {
          id: _id,
          created_at: _created,
          owner_id: _owner,
          service_account_id,
          disabled_at,
          ...row
        },
      ) => ({ ...row, acts: service_account_id !== null, disabled: disabled_at !== null })),
      accounts: (await sql`select name, scope from service_accounts order by name`).map((row) =>
        row
      ),
      requests: (await sql`select id, dismissed_at from trust_requests order by id`).map((
        { id, dismissed_at },
      ) => [id, dismissed_at !== null]),
    }),
  });
});
