/** Workloads that no rule trusts: what is recorded, and how they are approved. */
import assert from "node:assert/strict";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { setRuleDisabled } from "../../../server/admin/trust/disable_rule.ts";
import {
  approveTrustRequest,
  dismissTrustRequest,
  listAllTrustRequests,
  showTrustRequest,
} from "../../../server/admin/trust/requests.ts";
import { cleanUp } from "../../../server/cleanup.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { describeCondition } from "../../../server/federation/condition.ts";
import { narrowestRule } from "../../../server/federation/narrow_rule.ts";
import { isProviderName, providers } from "../../../server/federation/providers.ts";
import { findRuleRisks } from "../../../server/federation/rule_lint.ts";
import { parseRecordedClaims, recordedClaims } from "../../../server/federation/recorded_claims.ts";
import { recordTrustRequest } from "../../../server/store/trust_requests.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ID_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { assertGolden } from "../../support/golden.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { jobClaims, startIssuer } from "../../support/oidc_issuer.ts";
import { providerData } from "../../support/provider_data.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const GITHUB = "https://token.actions.githubusercontent.com";

async function exchange(server: TestServer, token: string, more: Record<string, string> = {}) {
  return await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: token,
    subject_token_type: ID_TOKEN_TYPE,
    ...more,
  });
}

async function pending(server: TestServer) {
  return await listAllTrustRequests(server.parts, {});
}

async function setUp(
  location: Parameters<typeof testServer>[0],
  trustRequests: "off" | "rules" | "providers" = "rules",
) {
  const clock = manualClock();
  const server = await testServer(location, (config) => {
    config.federation = { ...config.federation, privateIssuers: true, trustRequests };
    config.scopes.push({ name: "deploy", description: "Deploy" });
    config.scopes.push({ name: "read", description: "Read" });
  }, clock);
  const provider = await startIssuer({ clock });
  const claims = await jobClaims("github", {
    aud: ISSUER,
    repository: "acme/web",
    repository_id: "75",
    repository_owner_id: "65",
    ref: "refs/heads/main",
    environment: undefined,
    event_name: "push",
    sub: "repo:acme/web:ref:refs/heads/main",
    workflow_ref: "acme/web/.github/workflows/deploy.yml@refs/heads/main",
  });
  const addRule = async (issuer = provider.url) => {
    const added = await addTrustRule(server.parts, {
      name: "api",
      provider: "github",
      issuer,
      conditions: [
        { claim: "repository_id", operator: "equals", values: ["74"] },
        { claim: "ref", operator: "equals", values: ["refs/heads/main"] },
      ],
      scope: "deploy",
      lifetimeSeconds: 600,
      force: false,
    });
    if (added instanceof DomainError) throw added;
  };
  return {
    server,
    provider,
    addRule,
    sign: (more: Record<string, unknown> = {}) => provider.sign({ ...claims, ...more }),
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

testOnEachDatabase("a rejected job can be approved with the narrowest rule", async (location) => {
  await using trust = await setUp(location);
  const { server, sign, addRule } = trust;
  await addRule();
  const rejected = await exchange(server, await sign(), { scope: "deploy" });
  assert.equal(rejected.status, 400);
  const [request, ...others] = await pending(server);
  assert.deepEqual(others, []);
  assert.deepEqual([request.scope, request.count, request.claims.repository], [
    "deploy",
    1,
    "acme/web",
  ]);
  const stored = JSON.stringify(await server.parts.sql`select * from trust_requests`);
  assert.ok(!stored.includes("eyJ"), "never the token");
  assert.deepEqual(request.rule.conditions.map(describeCondition), [
    "repository_id is 75",
    "workflow_ref matches */*/.github/workflows/deploy.yml@**",
    "ref is refs/heads/main",
    "repository_owner_id is 65",
  ]);

  // Another run of the same job is the same request; another branch is not.
  await exchange(server, await sign({ run_id: "1002", sha: "b" }));
  await exchange(
    server,
    await sign({
      ref: "refs/heads/feature",
      workflow_ref: "acme/web/.github/workflows/deploy.yml@refs/heads/feature",
    }),
  );
  const counts = (await pending(server)).map(({ count }) => count);
  assert.deepEqual(counts.sort(), [1, 2]);

  const { id } = request;
  const noScope = await approveTrustRequest(server.parts, { id });
  assert.equal((noScope as DomainError).field, "scope", "the last run requested none");
  await exchange(server, await sign(), { scope: "read" });
  const notShown = await approveTrustRequest(server.parts, { id });
  assert.equal((notShown as DomainError).field, "scope", "it may have been another one when shown");
  const planned = await approveTrustRequest(server.parts, { id, scope: "deploy", dryRun: true });
  assert.ok(!(planned instanceof DomainError));
  assert.equal((await pending(server)).length, 2, "a dry run changes nothing");
  const approvals = await Promise.all(
    ["one", "two"].map((name) => approveTrustRequest(server.parts, { id, scope: "deploy", name })),
  );
  assert.equal(approvals.filter((result) => !(result instanceof DomainError)).length, 1);
  assert.equal((await server.parts.sql`select from trust_rules`).length, 2);
  assert.equal((await showTrustRequest(server.parts, { id }) as DomainError).code, "not_found");
  const accepted = await exchange(server, await sign({ run_id: "1003" }), { scope: "deploy" });
  assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
  const other = await exchange(server, await sign({ repository_id: "76" }));
  assert.equal(other.status, 400);
});

testOnEachDatabase("a dismissed job does not come back", async (location) => {
  await using trust = await setUp(location);
  const { server, sign, addRule } = trust;
  await addRule();
  await exchange(server, await sign());
  const [{ id }] = await pending(server);
  assert.ok(!(await dismissTrustRequest(server.parts, { id }) instanceof DomainError));
  assert.equal((await dismissTrustRequest(server.parts, { id }) as DomainError).code, "not_found");
  await exchange(server, await sign());
  assert.deepEqual(await pending(server), []);
  const events = await server.parts.sql`
    select event from audit_log where event like 'trust_request%'`;
  assert.deepEqual(events.map(({ event }) => event), ["trust_request.dismissed"]);
});

testOnEachDatabase("records only verified workloads that no rule is for", async (location) => {
  await using trust = await setUp(location);
  const { server, provider, sign, addRule } = trust;
  await exchange(server, await sign());
  assert.equal(provider.requests.length, 0, "no keys are fetched from an unknown issuer");
  await addRule();
  await using forger = await startIssuer({ clock: server.clock, kid: "key-1" });
  await exchange(server, await provider.sign({ aud: ISSUER, repository_id: "75" }, { by: forger }));
  await exchange(server, await sign({ aud: "https://other.example" }));
  await exchange(server, await sign({ exp: 1 }));
  // The rule is for this one, but does not grant the scope, or is disabled.
  await exchange(server, await sign({ repository_id: "74" }), { scope: "read" });
  await setRuleDisabled(server.parts, { name: "api", disabled: true });
  await exchange(server, await sign({ repository_id: "74" }));
  assert.deepEqual(await pending(server), []);
  await exchange(server, await sign({ environment: "prod*" }));
  await exchange(server, await sign({ environment: "prod\u202e" }));
  assert.deepEqual(
    await pending(server),
    [],
    "values that would be a pattern, or look like others",
  );
  await exchange(server, await sign({ ref: "refs/pull/7/merge", workflow_ref: undefined }));
  const [risky] = await pending(server);
  const { id } = risky;
  const refused = await approveTrustRequest(server.parts, { id, scope: "deploy" });
  assert.equal((refused as DomainError).reason, "risky");
});

testOnEachDatabase("expires requests, and limits them by issuer and in total", async (location) => {
  await using trust = await setUp(location);
  const { server, sign, addRule } = trust;
  const { sql } = server.parts;
  await addRule();
  await exchange(server, await sign());
  server.clock.advance({ days: 7, minutes: 1 });
  assert.deepEqual(await pending(server), []);
  await cleanUp(server.parts);
  assert.equal((await sql`select from trust_requests`).length, 0);
  const record = async (number: number, issuer: string) =>
    await recordTrustRequest(sql, {
      workloadHash: new TextEncoder().encode(`${issuer} ${number}`),
      provider: "generic",
      issuer,
      audience: ISSUER,
      claims: JSON.stringify({ sub: `job-${number}` }),
      address: "192.0.2.1",
      now: new Date(server.clock.now() + number),
    }, { perIssuer: 3, total: 5 });
  for (let number = 0; number < 5; number++) await record(number, "https://a.example");
  const subjects = async () => (await pending(server)).map(({ claims }) => claims.sub);
  assert.deepEqual(await subjects(), ["job-4", "job-3", "job-2"]);
  for (let number = 5; number < 8; number++) await record(number, "https://b.example");
  assert.deepEqual(await subjects(), ["job-7", "job-6", "job-5", "job-4", "job-3"]);
});

testOnEachDatabase("fetches keys of well-known issuers only if allowed", async (location) => {
  for (const allowed of [false, true]) {
    await using trust = await setUp(location, allowed ? "providers" : "rules");
    const { server, provider, sign } = trust;
    await server.parts.sql`delete from trust_requests`;
    const asked: string[] = [];
    server.outgoing = async (input) => {
      const url = String(input);
      asked.push(url);
      const response = await fetch(url.replace(GITHUB, provider.url));
      return new Response((await response.text()).replaceAll(provider.url, GITHUB), response);
    };
    await exchange(server, await sign({ iss: GITHUB }));
    await exchange(server, await sign({ iss: "https://evil.example" }));
    assert.equal(asked.length > 0, allowed);
    assert.ok(asked.every((url) => url.startsWith(GITHUB)), asked.join(" "));
    assert.equal((await pending(server)).length, allowed ? 1 : 0);
  }
});

Deno.test("pins the narrowest rule of each provider to ids", async () => {
  const texts: string[] = [];
  for (const { name } of providers) {
    const data = await providerData(name).catch(() => undefined);
    if (data === undefined) continue;
    assert.ok(isProviderName(name));
    const { claims } = data;
    const issuer = String(claims.iss);
    const recorded = parseRecordedClaims(
      recordedClaims([{ provider: name, conditions: [] }], claims),
    )!;
    const rule = await narrowestRule({
      provider: name,
      issuer,
      audience: ISSUER,
      claims: recorded,
    });
    assert.ok(rule, name);
    const risks = findRuleRisks({ provider: name, issuer, conditions: rule.conditions });
    texts.push(
      `${name}: ${rule.name}`,
      ...rule.conditions.map((condition) => `  ${describeCondition(condition)}`),
      ...risks.map(({ code }) => `  risk: ${code}`),
    );
  }
  await assertGolden("federation/narrowest_rules.txt", `${texts.join("\n")}\n`);
});
