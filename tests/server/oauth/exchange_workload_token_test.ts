/**
 * Workload identity (RFC 8693, RFC 7523). A token is exchanged only if its issuer signed it for this
 * server, it is current and was not used before, and a rule matches it.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { addTrustRule, type TrustRuleRequest } from "../../../server/admin/trust/add_rule.ts";
import { removeTrustRule } from "../../../server/admin/trust/remove_rule.ts";
import { testTrust } from "../../../server/admin/trust/test_token.ts";
import { DomainError, type DomainErrorCode } from "../../../server/domain_error.ts";
import { setServiceAccountDisabled } from "../../../server/admin/service_account_operations.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import type { Condition } from "../../../server/federation/condition.ts";
import { cleanUp } from "../../../server/cleanup.ts";
import { JwksCache } from "../../../server/federation/jwks_cache.ts";
import { machineNetwork } from "../../../server/outbound/network.ts";
import { OutboundHttp } from "../../../server/outbound/outbound_http.ts";
import type { DatabaseLocation } from "../../../server/store/db/connect.ts";
import { JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ID_TOKEN_TYPE, JWT_TYPE } from "../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import {
  jobClaims,
  type OidcIssuer,
  type SignOptions,
  startIssuer,
} from "../../support/oidc_issuer.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { type Answer, ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

interface Trust extends AsyncDisposable {
  server: TestServer;
  provider: OidcIssuer;
  addRule(change?: Partial<TrustRuleRequest>): Promise<void>;
  tryAddRule(change: Partial<TrustRuleRequest>): ReturnType<typeof addTrustRule>;
  sign(claims?: Record<string, unknown>, options?: SignOptions): Promise<string>;
  exchange(token: string, more?: Record<string, string>): Promise<Answer>;
}

async function trusting(
  location: DatabaseLocation,
  change: (config: ServerConfig) => void = () => {},
): Promise<Trust> {
  const clock = manualClock();
  const server = await testServer(location, (config) => {
    Object.assign(config.federation, { privateIssuers: true, detailedErrors: true });
    config.scopes.push({ name: "deploy", description: "Deploy" });
    config.scopes.push({ name: "read", description: "Read" });
    change(config);
  }, clock);
  const provider = await startIssuer({ clock });
  const claims = await jobClaims("github", {
    repository: "acme/api",
    repository_id: "74",
    ref: "refs/heads/main",
    event_name: "push",
    sub: "repo:acme/api:ref:refs/heads/main",
    run_id: "1001",
  });
  const tryAddRule = (change: Partial<TrustRuleRequest>) =>
    addTrustRule(server.parts, {
      name: "api",
      provider: "github",
      issuer: provider.url,
      conditions: [
        { claim: "repository_id", operator: "equals", values: ["74"] },
        { claim: "ref", operator: "equals", values: ["refs/heads/main"] },
      ],
      scope: "deploy read",
      lifetimeSeconds: 600,
      force: false,
      ...change,
    });
  return {
    server,
    provider,
    tryAddRule,
    async addRule(change = {}) {
      const added = await tryAddRule(change);
      if (added instanceof DomainError) throw added;
    },
    sign: (more = {}, options) => provider.sign({ ...claims, aud: ISSUER, ...more }, options),
    exchange: (token, more = {}) =>
      server.post("/oauth/token", {
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token: token,
        subject_token_type: ID_TOKEN_TYPE,
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The code of the newest rejection in the audit log. */
async function lastRejection(server: TestServer): Promise<string | undefined> {
  return (await events(server, "workload.refused")).at(-1)?.details.code;
}

async function events(server: TestServer, event: string) {
  return await server.parts.sql`
    select * from audit_log where event = ${event} order by occurred_at, seq`;
}

testOnEachDatabase(
  "exchanges a job's identity token for a short-lived access token that names the run",
  async (location) => {
    await using trust = await trusting(location);
    const { server } = trust;
    await trust.addRule();
    const answer = await trust.exchange(await trust.sign());
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.issued_token_type, "urn:ietf:params:oauth:token-type:access_token");
    assert.equal(answer.body.token_type, "Bearer");
    assert.equal(answer.body.expires_in, 600);
    assert.equal(answer.body.scope, "deploy read");
    assert.equal(answer.body.refresh_token, undefined);
    const claims = decodeJwt(answer.body.access_token);
    assert.equal(claims.exp! - claims.iat!, 600);
    assert.equal(claims.aud, ISSUER);
    assert.deepEqual(claims.act, {
      iss: trust.provider.url,
      sub: "repo:acme/api:ref:refs/heads/main",
    });
    assert.equal((claims.workload as Record<string, string>).repository, "acme/api");
    assert.equal((claims.workload as Record<string, string>).run_id, "1001");
    assert.ok(answer.body.access_token.length <= 1024);

    const client = await server.addClient();
    const introspect = async () => {
      const headers = { authorization: client.authorization };
      return (await server.post("/oauth/introspect", { token: answer.body.access_token }, headers))
        .body;
    };
    const active = await introspect();
    assert.equal(active.active, true);
    assert.equal(active.username, "api");
    assert.deepEqual(active.act, claims.act);
    assert.equal(active.workload.repository, "acme/api");
    const [issued] = await events(server, "workload.token_issued");
    assert.equal(issued.details.repository, "acme/api");
    assert.equal(issued.details.rule, "api");
    await setServiceAccountDisabled(server.parts, { name: "api", disabled: true });
    // The database notifies the replicas of it.
    await eventually("its tokens are inactive", async () => !(await introspect()).active);
  },
);

testOnEachDatabase(
  "exchanges a JWT by the assertion grant and by the jwt type as well",
  async (location) => {
    await using trust = await trusting(location);
    await trust.addRule();
    const assertion = await trust.server.post("/oauth/token", {
      grant_type: JWT_BEARER_GRANT,
      assertion: await trust.sign(),
      scope: "read",
    });
    assert.equal(assertion.body.scope, "read");
    const jwt = await trust.exchange(await trust.sign(), { subject_token_type: JWT_TYPE });
    assert.equal(jwt.status, 200);
    const refused = await trust.server.post("/oauth/token", {
      grant_type: JWT_BEARER_GRANT,
      assertion: await trust.sign({ ref: "refs/heads/evil" }),
    });
    assert.equal(refused.body.error, "invalid_grant"); // RFC 7523 section 3.1
  },
);

testOnEachDatabase(
  "rejects, reports and audits each invalid token",
  async (location) => {
    await using trust = await trusting(location);
    await using stranger = await startIssuer({ clock: trust.server.clock });
    await trust.addRule();
    const now = Math.floor(trust.server.clock.now() / 1000);
    const used = await trust.sign();
    assert.equal((await trust.exchange(used)).status, 200);

    const cases: [name: string, token: string, code?: string][] = [
      ["another audience", await trust.sign({ aud: "https://other.example" }), "audience"],
      ["no audience", await trust.sign({ aud: undefined }), "audience"],
      ["another issuer's key of the same id", await trust.sign({}, { by: stranger }), "signature"],
      [
        "an issuer that no rule trusts",
        await stranger.sign({ aud: ISSUER, sub: "x", repository_id: "74" }),
        "unknown_issuer",
      ],
      ["no signature", await trust.sign({}, { algorithm: "none" }), "algorithm"],
      [
        "the public key as a secret",
        await trust.sign({}, { algorithm: "HS256" }),
        "algorithm",
      ],
      ["expired by 61 s", await trust.sign({ exp: now - 61 }), "expired"],
      ["not yet valid", await trust.sign({ nbf: now + 61 }), "not_yet_valid"],
      ["issued in the future", await trust.sign({ iat: now + 61 }), "issued_in_future"],
      ["no expiry", await trust.sign({ exp: undefined }), "times"],
      ["used before", used, "replayed"],
      ["an unknown key", await trust.sign({}, { kid: "unknown" }), "unknown_key"],
      ["another branch", await trust.sign({ ref: "refs/heads/evil" }), "no_matching_rule"],
      ["another repository", await trust.sign({ repository_id: "75" }), "no_matching_rule"],
      [
        "a fork's pull request",
        await trust.sign({ ref: "refs/pull/7/merge", event_name: "pull_request" }),
        "no_matching_rule",
      ],
      ["no JSON Web Token", "nonsense"],
      ["too long", "x".repeat(14_000)],
    ];
    for (const [name, token, code] of cases) {
      const answer = await trust.exchange(token);
      assert.equal(answer.status, 400, name);
      assert.equal(answer.body.error, "invalid_request", name); // RFC 8693 section 2.2.2
      if (code !== undefined) assert.equal(await lastRejection(trust.server), code, name);
      // The only reason that the response names with the setting `brief`.
      assert.equal(answer.body.reason, code === "replayed" ? "token_replayed" : undefined, name);
    }
    const refusals = await events(trust.server, "workload.refused");
    assert.equal(refusals.length, cases.length - 2);
    assert.ok(!JSON.stringify(refusals).includes(used.split(".")[2]));
    // Within the skew both ways it is taken.
    assert.equal((await trust.exchange(await trust.sign({ exp: now - 59 }))).status, 200);
    assert.equal(
      (await trust.exchange(await trust.sign({ iat: now + 59, nbf: now + 59 }))).status,
      200,
    );
    // An issuer that no rule trusts gets no request.
    assert.deepEqual(stranger.requests, []);
  },
);

testOnEachDatabase("accepts one of a hundred presentations of a token", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule();
  const token = await trust.sign();
  const answers = await Promise.all(Array.from({ length: 100 }, () => trust.exchange(token)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

testOnEachDatabase("does not disclose the rules without detailed errors", async (location) => {
  await using trust = await trusting(location, (config) => {
    config.federation.detailedErrors = false;
  });
  await trust.addRule();
  const token = await trust.sign({ ref: "refs/heads/evil" });
  const answer = await trust.exchange(token);
  assert.doesNotMatch(answer.body.error_description, /main|ref|api/);
  // The operator sees the reason, and a test does not use the token up.
  const test = await testTrust(trust.server.parts, { token });
  assert.deepEqual(test.rules, [{
    name: "api",
    matches: false,
    mismatches: [{ code: "condition", message: "ref must be refs/heads/main" }],
  }]);
  const good = await trust.sign();
  assert.equal((await testTrust(trust.server.parts, { token: good })).rules[0].matches, true);
  assert.equal((await trust.exchange(good)).status, 200);
  const foreign = await testTrust(trust.server.parts, { token: "nonsense" });
  assert.equal(foreign.rejection!.code, "malformed");
});

testOnEachDatabase(
  "fetches rotated keys once, and not again within the cool-down",
  async (location) => {
    await using trust = await trusting(location);
    const { provider, server } = trust;
    await trust.addRule();
    const fetched = () => provider.requests.filter((request) => request === "GET /jwks").length;
    assert.equal((await trust.exchange(await trust.sign())).status, 200);
    assert.equal((await trust.exchange(await trust.sign())).status, 200);
    assert.equal(fetched(), 1);
    server.clock.advance({ seconds: 31 });
    await provider.rotate();
    assert.equal((await trust.exchange(await trust.sign())).status, 200);
    assert.equal(fetched(), 2);
    // Invented key ids do not cause more requests to the issuer.
    for (let i = 0; i < 5; i++) {
      const answer = await trust.exchange(await trust.sign({}, { kid: `made-up-${i}` }));
      assert.equal(answer.body.error, "invalid_request");
    }
    assert.equal(fetched(), 2);
  },
);

testOnEachDatabase("serves other issuers while one misbehaves", async (location) => {
  await using trust = await trusting(location);
  const { provider, server } = trust;
  await using other = await startIssuer({ clock: server.clock });
  await trust.addRule();
  await trust.addRule({ name: "other", issuer: other.url });
  const temporary = async (reason: RegExp) => {
    const answer = await trust.exchange(await trust.sign());
    assert.equal(answer.status, 503);
    assert.equal(answer.body.error, "temporarily_unavailable");
    assert.ok(answer.headers.get("retry-after"));
    await recorded("issuer_unavailable", reason);
  };
  const permanent = async (reason: RegExp) => {
    const answer = await trust.exchange(await trust.sign());
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error, "invalid_request");
    await recorded("issuer_forbidden", reason);
  };
  const recorded = async (code: string, reason: RegExp) => {
    const [refusal] = (await events(server, "workload.refused")).slice(-1);
    assert.equal(refusal.details.code, code);
    assert.match(refusal.details.reason, reason);
    server.clock.advance({ seconds: 11 });
  };
  const huge = provider.hugeKeySet(100 * 1024 * 1024);
  await temporary(/more than 256 KB/);
  assert.ok(huge.sent < 8 * 1024 * 1024, `read ${huge.sent} bytes`);
  provider.recover();
  provider.redirect("/jwks", "http://127.0.0.1:1/elsewhere");
  await permanent(/status 302/);
  provider.recover();
  provider.answer(
    "/.well-known/openid-configuration",
    () => Response.json({ issuer: "https://evil.example", jwks_uri: `${provider.url}/jwks` }),
  );
  await temporary(/another issuer/);
  provider.recover();
  provider.answer("/jwks", () => new Response("<html>"));
  await temporary(/not a JSON object/);
  provider.recover();
  provider.answer(
    "/.well-known/openid-configuration",
    () => Response.json({ issuer: provider.url, jwks_uri: "http://192.168.0.1/jwks" }),
  );
  await permanent(/not https/);
  provider.recover();
  provider.hang("/jwks");
  const hanging = temporary(/did not answer/);
  const claims = await jobClaims("github", { repository_id: "74", ref: "refs/heads/main" });
  const swift = await trust.exchange(await other.sign({ ...claims, aud: ISSUER }));
  assert.equal(swift.status, 200);
  await hanging;
  for (const status of [400, 401, 403, 404, 406, 410]) {
    provider.answer("/jwks", () => new Response(null, { status }));
    await permanent(new RegExp(`status ${status}`));
  }
  for (const status of [408, 429, 500, 502, 503]) {
    provider.answer("/jwks", () => new Response(null, { status }));
    await temporary(new RegExp(`status ${status}`));
  }
  provider.recover();
  assert.equal((await trust.exchange(await trust.sign())).status, 200);
});

Deno.test("sends no request to private addresses unless the operator allows it", async () => {
  await using issuer = await startIssuer();
  const open = new JwksCache(manualClock(), new OutboundHttp(machineNetwork({})), true);
  assert.ok("keys" in await open.keySet(issuer.url, () => true));
  const asked: string[] = [];
  const watching = new OutboundHttp({
    ...machineNetwork({}),
    send(url) {
      asked.push(String(url));
      return Promise.resolve({ status: 404, headers: new Headers(), body: new Uint8Array() });
    },
  });
  const strict = new JwksCache(manualClock(), watching, false);
  for (
    const address of [
      "https://127.0.0.1",
      "https://10.0.0.1",
      "https://169.254.169.254",
      "https://[::1]",
      "https://[::ffff:10.0.0.1]",
      "https://[fd00::1]",
      "https://localhost",
      "http://1.1.1.1",
      issuer.url,
    ]
  ) {
    const failure = await strict.keySet(address, () => true);
    assert.ok(failure instanceof DomainError && failure.code === "forbidden", address);
  }
  assert.deepEqual(asked, []);
  const failure = await strict.keySet("https://1.1.1.1", () => true);
  assert.match((failure as DomainError).message, /status 404/);
});

testOnEachDatabase("accepts claims with text that PostgreSQL rejects", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule();
  const jti = `\0${"j".repeat(10)}`;
  // The emoji is cut in two where claims are shortened.
  const odd = await trust.sign({ jti, actor: "a\0b", environment: `${"e".repeat(127)}🎉` });
  const answer = await trust.exchange(odd);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal((await trust.exchange(odd)).body.error, "invalid_request");
  const strange = await trust.sign({ iss: "https://\0\ud800.example" });
  assert.equal((await trust.exchange(strange)).status, 400);
  // A reason that quotes the issuer's own document.
  trust.server.clock.advance({ minutes: 11 });
  trust.provider.answer(
    "/.well-known/openid-configuration",
    () => Response.json({ issuer: trust.provider.url, jwks_uri: "\0\ud800" }),
  );
  assert.equal((await trust.exchange(await trust.sign({}, { kid: "unknown" }))).status, 400);
  assert.equal(await lastRejection(trust.server), "issuer_forbidden");
});

testOnEachDatabase("keeps scope, audience and lifetime within the rule", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule({ scope: "deploy", lifetimeSeconds: 120, enabledUntil: "2026-11-25" });
  const narrowed = await trust.exchange(await trust.sign(), { scope: "deploy" });
  assert.equal(narrowed.body.expires_in, 120);
  const wider = await trust.exchange(await trust.sign(), { scope: "deploy read" });
  assert.equal(wider.body.error, "invalid_request");
  assert.equal(await lastRejection(trust.server), "no_matching_rule");
  const fits = { audience: ISSUER, resource: ISSUER };
  assert.equal((await trust.exchange(await trust.sign(), fits)).status, 200);
  const target = await trust.exchange(await trust.sign(), { resource: "https://other.example" });
  assert.equal(target.body.error, "invalid_target");
  const audience = await trust.exchange(await trust.sign(), { audience: "https://other.example" });
  assert.equal(audience.body.error, "invalid_target");
  const missing = await trust.exchange("", {});
  assert.equal(missing.body.error, "invalid_request");
  const type = await trust.exchange(await trust.sign(), { subject_token_type: "x" });
  assert.equal(type.body.error, "invalid_request");
  const actor = await trust.exchange(await trust.sign(), { actor_token: "x" });
  assert.equal(actor.body.error, "invalid_request");
  // The service account's own scopes bound the rule's.
  await trust.server.parts.sql`update service_accounts set scope = 'read'`;
  const bounded = await trust.exchange(await trust.sign());
  assert.equal(bounded.body.error, "invalid_scope");
  await trust.server.parts.sql`update service_accounts set scope = 'deploy'`;
  trust.server.clock.advance({ hours: 14 });
  const late = await trust.exchange(await trust.sign());
  assert.equal(late.status, 400);
  assert.equal(await lastRejection(trust.server), "no_matching_rule");
});

testOnEachDatabase(
  "grants a requested scope completely or not at all, and the scope of a rule as far as possible",
  async (location) => {
    await using trust = await trusting(location);
    await trust.addRule({ scope: "deploy read" });
    await trust.server.parts.sql`update service_accounts set scope = 'read'`;
    const unasked = await trust.exchange(await trust.sign());
    assert.equal(unasked.body.scope, "read");
    const whole = await trust.exchange(await trust.sign(), { scope: "read" });
    assert.equal(whole.body.scope, "read");
    const partly = await trust.exchange(await trust.sign(), { scope: "deploy read" });
    assert.equal(partly.body.error, "invalid_scope");
    await trust.server.parts.sql`update service_accounts set scope = 'openid'`;
    const none = await trust.exchange(await trust.sign());
    assert.equal(none.body.error, "invalid_scope");
  },
);

testOnEachDatabase("matches another rule after one has expired", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule({ name: "old", enabledUntil: "2026-11-25" });
  trust.server.clock.advance({ days: 2 });
  assert.equal((await trust.exchange(await trust.sign())).status, 400);
  await trust.addRule({ name: "new", serviceAccount: "old" });
  const answer = await trust.exchange(await trust.sign());
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
});

testOnEachDatabase("adds, rejects and removes rules", async (location) => {
  await using trust = await trusting(location);
  const { server } = trust;
  const rejects = async (
    change: Partial<TrustRuleRequest>,
    field: keyof TrustRuleRequest,
    code: DomainErrorCode = "invalid",
  ) => {
    const error = await trust.tryAddRule(change);
    assert.ok(error instanceof DomainError, JSON.stringify(change));
    assert.deepEqual([error.code, error.field], [code, field], error.message);
  };
  await rejects({ conditions: [] }, "force");
  await rejects({ scope: "" }, "scope");
  await rejects({ scope: "admin" }, "scope");
  await rejects({ scope: "openid" }, "scope");
  await rejects({ lifetimeSeconds: 86_400 }, "lifetimeSeconds");
  await rejects({ serviceAccount: "nobody" }, "serviceAccount", "not_found");
  await rejects({ userEmail: "nobody@example.test" }, "userEmail", "not_found");
  await rejects({ enabledUntil: "soon" }, "enabledUntil");
  await rejects({ enabledUntil: "+100000-01-01" }, "enabledUntil");
  await rejects({ enabledUntil: "2020-01-01" }, "enabledUntil");
  await rejects({ enabledUntil: new Date(server.clock.now()).toISOString() }, "enabledUntil");
  await rejects({ name: "a b" }, "name");
  await trust.addRule({ conditions: [], force: true, name: "forced" });
  const [created] = await events(server, "trust_rule.created");
  assert.equal(created.details.forced, true);
  await rejects({ conditions: [], force: true, name: "forced" }, "name", "conflict");
  assert.ok("event" in await removeTrustRule(server.parts, { name: "forced" }));
  const removed = await removeTrustRule(server.parts, { name: "forced" });
  assert.ok(removed instanceof DomainError && removed.code === "not_found");

  // A rule may act for a person, who must not be disabled.
  const user = await server.addUser("alice@example.test");
  await trust.addRule({ userEmail: user.email });
  const answer = await trust.exchange(await trust.sign());
  assert.equal(decodeJwt(answer.body.access_token).sub, user.id);
  await server.parts.sql`update users set disabled_at = created_at`;
  const disabled = await trust.exchange(await trust.sign());
  assert.equal(disabled.status, 400);
  assert.equal(await lastRejection(server), "account_disabled");
});

testOnEachDatabase("limits the audit events of rejected tokens", async (location) => {
  await using trust = await trusting(location);
  await using stranger = await startIssuer({ clock: trust.server.clock });
  const junk = await stranger.sign({ aud: ISSUER, sub: "x" });
  await Promise.all(Array.from({ length: 130 }, () => trust.exchange(junk)));
  assert.equal((await events(trust.server, "workload.refused")).length, 100);
  trust.server.clock.advance({ hours: 1 });
  await trust.exchange(junk);
  assert.equal((await events(trust.server, "workload.refused")).length, 101);
});

testOnEachDatabase("rejects a token for the audience of another rule", async (location) => {
  await using trust = await trusting(location);
  // The issuer signs for both audiences, so that only the rule's own one decides.
  await trust.addRule({ name: "a", audience: "https://a.example", scope: "read" });
  const main: Condition[] = [
    { claim: "repository_id", operator: "equals", values: ["74"] },
    { claim: "ref", operator: "equals", values: ["refs/heads/release"] },
  ];
  await trust.addRule({ name: "b", audience: "https://b.example", conditions: main });
  const release = { ref: "refs/heads/release" };
  const forB = await trust.exchange(await trust.sign({ ...release, aud: "https://b.example" }));
  assert.equal(forB.body.scope, "deploy read");
  const forA = await trust.exchange(await trust.sign({ ...release, aud: "https://a.example" }));
  assert.equal(forA.body.error, "invalid_request");
  const both = await trust.sign({ ...release, aud: ["https://a.example", "https://b.example"] });
  assert.equal((await trust.exchange(both)).status, 200);
});

testOnEachDatabase("remembers a used token until it is no longer accepted", async (location) => {
  await using trust = await trusting(location);
  const { server } = trust;
  await trust.addRule();
  const now = Math.floor(server.clock.now() / 1000);
  const token = await trust.sign({ exp: now + 300 });
  assert.equal((await trust.exchange(token)).status, 200);
  // Its last second within the skew: it would still be accepted, had it not been used.
  server.clock.advance({ seconds: 300 + 59 });
  await cleanUp(server.parts);
  const again = await trust.exchange(token);
  assert.equal(again.status, 400);
  assert.equal(await lastRejection(server), "replayed");
  const late = { iat: now, nbf: now, exp: now + 300 };
  assert.equal((await trust.exchange(await trust.sign(late))).status, 200);
  server.clock.advance({ hours: 1, minutes: 2 });
  await cleanUp(server.parts);
  assert.equal((await server.parts.sql`select 1 from used_assertions`).length, 0);
});

testOnEachDatabase(
  "accepts a reused token again only from the same caller, until it expires",
  async (location) => {
    await using trust = await trusting(location);
    const { server, provider } = trust;
    const claims = {
      ...await jobClaims("kubernetes", { sub: "system:serviceaccount:ci:deployer" }),
      aud: ISSUER,
    };
    const conditions: Condition[] = [
      { claim: "sub", operator: "equals", values: ["system:serviceaccount:ci:deployer"] },
    ];
    await trust.addRule({ provider: "kubernetes", conditions });
    const present = async (token: string, address: string) => {
      const response = await server.request("/oauth/token", {
        method: "POST",
        body: new URLSearchParams({
          grant_type: TOKEN_EXCHANGE_GRANT,
          subject_token: token,
          subject_token_type: JWT_TYPE,
        }),
      }, address);
      await response.body?.cancel();
      return response.status;
    };
    const token = await provider.sign(claims);
    const caller = "198.51.100.7";
    for (let i = 0; i < 3; i++) assert.equal(await present(token, caller), 200);
    const race = await Promise.all(Array.from({ length: 10 }, () => present(token, caller)));
    assert.deepEqual(new Set(race), new Set([200]));
    for (const other of ["198.51.100.8", "2001:db8::7"]) {
      assert.equal(await present(token, other), 400, other);
    }
    const asClient = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token: await provider.sign({ ...claims, jti: "by the command line" }),
      subject_token_type: JWT_TYPE,
    });
    assert.equal(asClient.status, 200);
    const { authorization } = await server.addClient();
    const byOther = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token: await provider.sign({ ...claims, jti: "by the command line" }),
      subject_token_type: JWT_TYPE,
    }, { authorization });
    assert.equal(byOther.body.error, "invalid_request", "another client at the same address");
    assert.equal(await present(token, caller), 200);
    server.clock.advance({ minutes: 7 });
    assert.equal(await present(token, caller), 400);

    // Two callers at once: one of them owns the token from then on.
    const contested = await provider.sign(claims);
    const statuses = await Promise.all(
      Array.from({ length: 10 }, (_, i) => present(contested, `203.0.113.${i % 2}`)),
    );
    assert.equal(statuses.filter((status) => status === 200).length, 5);

    // Where each call gets a token of its own, a repeat is a replay, the same caller's as well.
    await removeTrustRule(server.parts, { name: "api" });
    await trust.addRule({ serviceAccount: "api" });
    const single = await trust.sign();
    assert.equal(await present(single, caller), 200);
    assert.equal(await present(single, caller), 400);
  },
);

testOnEachDatabase("compares numbers in claims digit by digit", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule({
    provider: "generic",
    conditions: [{ claim: "tenant", operator: "equals", values: ["9007199254740992"] }],
  });
  const tenant = async (digits: string) => {
    const edit = (json: string) => json.replace('"TENANT"', digits);
    return (await trust.exchange(await trust.sign({ tenant: "TENANT" }, { edit }))).status;
  };
  assert.equal(await tenant("9007199254740992"), 200);
  for (const other of ["9007199254740993", "9007199254740991", "9007199254740992.5"]) {
    assert.equal(await tenant(other), 400, other);
  }
  // What is tested shows what is compared.
  const edit = (json: string) => json.replace('"TENANT"', "18446744073709551615");
  const token = await trust.sign({ tenant: "TENANT" }, { edit });
  const { claims } = await testTrust(trust.server.parts, { token });
  assert.equal(claims?.tenant, "18446744073709551615");
});

testOnEachDatabase("rejects and audits times out of range", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule();
  const texts = [
    ...["1e400", "99999999999999999999", "8640000000000", "253402214400", "9e15", "-1"],
    ...["true", "null", '"2026-11-24"', "[1]", "{}"],
  ];
  const cases = ["exp", "nbf", "iat"].flatMap((claim) => texts.map((text) => ({ claim, text })));
  for (const { claim, text } of cases) {
    const edit = (json: string) => json.replace('"TIME"', text);
    const answer = await trust.exchange(await trust.sign({ [claim]: "TIME" }, { edit }));
    assert.equal(answer.status, 400, `${claim} ${text}`);
    assert.equal(answer.body.error, "invalid_request", `${claim} ${text}`);
  }
  assert.equal((await events(trust.server, "workload.refused")).length, cases.length);
  // The last time that is one.
  const far = await trust.exchange(await trust.sign({ exp: 253_402_214_399 }));
  assert.equal(far.status, 200);
});

testOnEachDatabase("counts a jti of any type, except an empty one", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule();
  const exchange = async (jti: unknown, edit?: (json: string) => string) =>
    (await trust.exchange(await trust.sign({ jti }, { edit }))).status;
  // Tokens of an issuer that leaves the identifier empty are not one another's replays.
  assert.equal(await exchange(""), 200);
  assert.equal(await exchange(""), 200);
  assert.equal(await exchange(42), 200);
  assert.equal(await exchange(42), 400);
  assert.equal(await exchange(0), 200);
  assert.equal(await exchange(0), 400);
  const digits = (text: string) => (json: string) => json.replace('"JTI"', text);
  assert.equal(await exchange("JTI", digits("9007199254740992")), 200);
  assert.equal(await exchange("JTI", digits("9007199254740993")), 200);
  assert.equal(await exchange("JTI", digits("9007199254740993")), 400);
  for (const jti of [true, ["x"], { x: 1 }, null]) {
    assert.equal(await exchange(jti), 400, JSON.stringify(jti));
  }
});

testOnEachDatabase("tries each matching key, whatever its id", async (location) => {
  await using trust = await trusting(location);
  const { provider, server } = trust;
  await trust.addRule();
  const status = async (token: string) => (await trust.exchange(token)).status;
  assert.equal(await status(await trust.sign({}, { kid: null })), 200);

  // Two keys of one kid: tokens of the older and of the newer one.
  const older = await trust.sign();
  await provider.rotate({ kid: "key-1", keep: true });
  const newer = await trust.sign();
  server.clock.advance({ seconds: 31 });
  assert.equal(await status(newer), 200);
  assert.equal(await status(older), 200);

  // A new key of the same kid, or of none, is fetched like one of another kid.
  await provider.rotate({ kid: "key-1" });
  server.clock.advance({ seconds: 31 });
  assert.equal(await status(await trust.sign()), 200);
  const published = await (await fetch(`${provider.url}/jwks`)).json();
  const [signing] = published.keys;
  const keySet = (keys: unknown[]) => {
    provider.answer("/jwks", () => Response.json({ keys }));
    server.clock.advance({ minutes: 11 });
  };
  const { kid: _, ...nameless } = signing;
  keySet([nameless]);
  assert.equal(await status(await trust.sign()), 200);
  assert.equal(await status(await trust.sign({}, { kid: null })), 200);

  // Keys of another type or purpose, broken keys and weak keys are skipped.
  const others = [
    null,
    "key",
    {},
    { ...signing, n: "AQAB" },
    { ...signing, n: undefined },
    { ...signing, kty: "EC", crv: "P-256", x: "AA", y: "AA" },
    { ...signing, use: "enc" },
    { ...signing, alg: "PS512" },
    { ...signing, key_ops: ["encrypt"] },
  ];
  keySet([...others, { ...signing, key_ops: ["verify"] }]);
  assert.equal(await status(await trust.sign()), 200);
  assert.equal(await status(await trust.sign({}, { kid: null })), 200);
  keySet(others);
  assert.equal(await status(await trust.sign()), 400);
});

for (const algorithm of ["EdDSA", "Ed25519"] as const) {
  testOnEachDatabase(`${algorithm} is accepted, by either name of the key's`, async (location) => {
    await using trust = await trusting(location);
    const { server } = trust;
    await using provider = await startIssuer({ clock: server.clock, algorithm });
    await trust.addRule({ issuer: provider.url });
    const claims = await jobClaims("github", { repository_id: "74", ref: "refs/heads/main" });
    const status = async () =>
      (await trust.exchange(await provider.sign({ ...claims, aud: ISSUER }))).status;
    assert.equal(await status(), 200);
    const { keys: [key] } = await (await fetch(`${provider.url}/jwks`)).json();
    for (const alg of ["EdDSA", "Ed25519", undefined]) {
      provider.answer("/jwks", () => Response.json({ keys: [{ ...key, alg }] }));
      server.clock.advance({ minutes: 11 });
      assert.equal(await status(), 200, String(alg));
    }
  });
}
