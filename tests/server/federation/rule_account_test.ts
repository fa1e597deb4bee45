/** A rule acts as an existing service account only if its author confirms it. */
import assert from "node:assert/strict";
import type { DomainError } from "../../../server/domain_error.ts";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import { addTrustRule, type TrustRuleRequest } from "../../../server/admin/trust/add_rule.ts";
import { adminTrustAdd } from "../../../server/cli/admin/trust/add.ts";
import type { ServerIo } from "../../../server/io.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";

const RULE: TrustRuleRequest = {
  name: "ci",
  provider: "generic",
  issuer: "https://ci.example.test",
  conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
  scope: "deploy",
  lifetimeSeconds: 600,
  force: false,
};

async function withAccounts(location: { dataDir?: string; databaseUrl?: string }) {
  const server = await testServer(location as Parameters<typeof testServer>[0], (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
    config.scopes.push({ name: "admin", description: "Everything" });
  });
  for (const name of ["ci", "other"]) {
    await addServiceAccount(server.parts, { name, scope: "admin deploy" });
  }
  return server;
}

const actors = ({ parts }: TestServer) =>
  parts.sql`
    select r.name, s.name as account from trust_rules r
    join service_accounts s on s.id = r.service_account_id order by r.name`;

testOnEachDatabase(
  "does not let a rule act as an existing service account without confirmation",
  async (location) => {
    await using server = await withAccounts(location);
    const failure = async () => {
      const { code, field } = await addTrustRule(server.parts, RULE) as DomainError;
      return [code, field];
    };
    assert.deepEqual(await failure(), ["conflict", "serviceAccount"]);
    assert.equal((await actors(server)).length, 0);
    await addTrustRule(server.parts, { ...RULE, serviceAccount: "ci" });
    // That the rule exists is reported first.
    assert.deepEqual(await failure(), ["conflict", "name"]);
    // Another rule, whose account is new.
    await addTrustRule(server.parts, { ...RULE, name: "nightly" });
    assert.deepEqual([...await actors(server)], [
      { name: "ci", account: "ci" },
      { name: "nightly", account: "nightly" },
    ]);
  },
);

testOnEachDatabase(
  "asks for confirmation on a terminal, and fails without one",
  async (location) => {
    {
      await using _server = await withAccounts(location);
    }
    const config = await Deno.makeTempFile({ suffix: ".toml" });
    await Deno.writeTextFile(config, '[scopes]\ndeploy = "Deploy"\nadmin = "Everything"\n');
    const questions: string[] = [];
    const add = async (answer: boolean | undefined) => {
      const io: ServerIo = {
        stdout: () => true,
        stderr: () => {},
        readStdin: () => Promise.resolve(""),
        ...NO_TERMINAL,
        confirm(question) {
          questions.push(question);
          return Promise.resolve(answer);
        },
        env: {},
        signal: new AbortController().signal,
        clock: { now: () => Date.now() },
        platform: { os: "linux", homedir: "/nonexistent" },
      };
      const options = { ...location, config, issuer: RULE.issuer, scope: ["deploy"], name: "ci" };
      return await adminTrustAdd("generic", "job", options, io);
    };
    assert.equal(await add(undefined), EXIT.failure);
    assert.equal(await add(false), EXIT.failure);
    {
      await using server = await testServer(location);
      assert.equal((await actors(server)).length, 0);
    }
    assert.equal(await add(true), EXIT.ok);
    assert.equal(questions.length, 3);
    await Deno.remove(config);
    await using server = await testServer(location);
    assert.deepEqual([...await actors(server)], [{ name: "ci", account: "ci" }]);
  },
);

Deno.test("lets an administrator select an existing service account on the page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await withAccounts(database.location);
  const { id } = await addUserWithPassword(server);
  await server.parts.sql`update users set is_admin = true where id = ${id}`;
  const browser = await signedIn(server);
  const fields = {
    step: "permissions",
    provider: "generic",
    subject: "job",
    issuer: RULE.issuer,
    scopes: "1",
    "scope:deploy": "on",
  };
  const submit = async (more: Record<string, string>) => {
    await browser.get("/admin/trust/add");
    const { location } = await browser.submit("/admin/trust/add", { ...fields, ...more });
    return await browser.get(location!);
  };
  const asked = await submit({ name: "ci" });
  assert.deepEqual(asked.problems, ["conflict #account"]);
  assert.match(asked.html, /<option value="ci"/);
  assert.equal((await submit({ name: "ci", account: "ci" })).page, "trust_test");
  assert.equal((await actors(server)).length, 0);
  await browser.submit("/admin/trust/add", { do: "save" });
  assert.deepEqual([...await actors(server)], [{ name: "ci", account: "ci" }]);
});
