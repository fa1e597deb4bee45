/**
 * Workload identity (RFC 8693, RFC 7523). Invariant: a token is traded only if its
 * issuer signed it for this server, it is fresh and new, and a rule wants it.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { OperationError } from "../../server/admin/operation.ts";
import {
  addTrustRule,
  removeTrustRule,
  testTrust,
  type TrustRuleRequest,
} from "../../server/admin/trust_operations.ts";
import { setServiceAccountShutOut } from "../../server/admin/service_account_operations.ts";
import type { ServerConfig } from "../../server/config.ts";
import { IssuerKeys } from "../../server/federation/issuer_keys.ts";
import { machineNetwork, OutboundHttp } from "../../server/outbound/outbound_http.ts";
import type { DatabaseLocation } from "../../server/store/connect.ts";
import { JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from "../../shared/grant_types.ts";
import { ID_TOKEN_TYPE, JWT_TYPE } from "../../shared/token_types.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import {
  jobClaims,
  type OidcIssuer,
  type SignOptions,
  startIssuer,
} from "../support/oidc_issuer.ts";
import { settableClock } from "../support/settable_clock.ts";
import { type Answer, ISSUER, type TestServer, testServer } from "../support/test_server.ts";

interface Trust extends AsyncDisposable {
  server: TestServer;
  provider: OidcIssuer;
  addRule(change?: Partial<TrustRuleRequest>): Promise<unknown>;
  sign(claims?: Record<string, unknown>, options?: SignOptions): Promise<string>;
  exchange(token: string, more?: Record<string, string>): Promise<Answer>;
}

async function trusting(
  location: DatabaseLocation,
  change: (config: ServerConfig) => void = () => {},
): Promise<Trust> {
  const clock = settableClock();
  const server = await testServer(location, (config) => {
    config.federation = { privateIssuers: true, detailedErrors: true };
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
  return {
    server,
    provider,
    addRule: (more = {}) =>
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
        ...more,
      }),
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

async function events(server: TestServer, event: string) {
  return await server.parts.sql`
    select * from audit_events where event = ${event} order by occurred_at`;
}

testOnEachDatabase(
  "a job's token is traded for a short one that says which run it is",
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
    await setServiceAccountShutOut(server.parts, { name: "api", disabled: true });
    assert.deepEqual(await introspect(), { active: false });
  },
);

testOnEachDatabase("the assertion grant and the jwt type do the same", async (location) => {
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
});

testOnEachDatabase(
  "what is not exactly right is refused, told and written down",
  async (location) => {
    await using trust = await trusting(location);
    await using stranger = await startIssuer({ clock: trust.server.clock });
    await trust.addRule();
    const now = Math.floor(trust.server.clock.now() / 1000);
    const used = await trust.sign();
    assert.equal((await trust.exchange(used)).status, 200);

    const cases: [name: string, token: string, reason: RegExp][] = [
      ["another audience", await trust.sign({ aud: "https://other.example" }), /audience/],
      ["no audience", await trust.sign({ aud: undefined }), /aud/],
      ["another issuer's key of the same id", await trust.sign({}, { by: stranger }), /signature/],
      [
        "an issuer nobody trusts",
        await stranger.sign({ aud: ISSUER, sub: "x", repository_id: "74" }),
        /no rule trusts this issuer/,
      ],
      ["no signature", await trust.sign({}, { algorithm: "none" }), /algorithm "none"/],
      [
        "the public key as a secret",
        await trust.sign({}, { algorithm: "HS256" }),
        /algorithm "HS256"/,
      ],
      ["expired by 61 s", await trust.sign({ exp: now - 61 }), /expired/],
      ["not yet valid", await trust.sign({ nbf: now + 61 }), /nbf/],
      ["issued in the future", await trust.sign({ iat: now + 61 }), /future/],
      ["no expiry", await trust.sign({ exp: undefined }), /exp/],
      ["used before", used, /used before/],
      ["an unknown key", await trust.sign({}, { kid: "unknown" }), /no such key/],
      ["another branch", await trust.sign({ ref: "refs/heads/evil" }), /ref is refs\/heads\/main/],
      ["another repository", await trust.sign({ repository_id: "75" }), /repository_id is 74/],
      [
        "a fork's pull request",
        await trust.sign({ ref: "refs/pull/7/merge", event_name: "pull_request" }),
        /ref is refs\/heads\/main/,
      ],
      ["no JSON Web Token", "nonsense", /no JSON Web Token/],
      ["too long", "x".repeat(14_000), /no JSON Web Token/],
    ];
    for (const [name, token, reason] of cases) {
      const answer = await trust.exchange(token);
      assert.equal(answer.status, 400, name);
      assert.equal(answer.body.error, "invalid_request", name); // RFC 8693 section 2.2.2
      assert.match(answer.body.error_description, reason, name);
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
    // The issuer nobody trusts was never asked for anything.
    assert.deepEqual(stranger.requests, []);
  },
);

testOnEachDatabase("of a hundred presentations of one token one passes", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule();
  const token = await trust.sign();
  const answers = await Promise.all(Array.from({ length: 100 }, () => trust.exchange(token)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

testOnEachDatabase("without permission a refusal tells nothing of the rules", async (location) => {
  await using trust = await trusting(location, (config) => {
    config.federation.detailedErrors = false;
  });
  await trust.addRule();
  const token = await trust.sign({ ref: "refs/heads/evil" });
  const answer = await trust.exchange(token);
  assert.doesNotMatch(answer.body.error_description, /main|ref|api/);
  // The operator is told all, and testing uses nothing up.
  const test = await testTrust(trust.server.parts, { token });
  assert.deepEqual(test.rules, [{
    name: "api",
    passes: false,
    failed: ["ref is refs/heads/main"],
    obstacle: undefined,
  }]);
  const good = await trust.sign();
  assert.equal((await testTrust(trust.server.parts, { token: good })).rules[0].passes, true);
  assert.equal((await trust.exchange(good)).status, 200);
  const foreign = await testTrust(trust.server.parts, { token: "nonsense" });
  assert.match(foreign.problem!, /no JSON Web Token/);
});

testOnEachDatabase(
  "keys rotate within one retry, and fetching has a cool-down",
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
    // Made-up key ids do not make us hammer the issuer.
    for (let i = 0; i < 5; i++) {
      const answer = await trust.exchange(await trust.sign({}, { kid: `made-up-${i}` }));
      assert.equal(answer.body.error, "invalid_request");
    }
    assert.equal(fetched(), 2);
  },
);

testOnEachDatabase("an issuer that misbehaves harms nobody else", async (location) => {
  await using trust = await trusting(location);
  const { provider, server } = trust;
  await using other = await startIssuer({ clock: server.clock });
  await trust.addRule();
  await trust.addRule({ name: "other", issuer: other.url });
  const temporary = async (words: RegExp) => {
    const answer = await trust.exchange(await trust.sign());
    assert.equal(answer.status, 503);
    assert.equal(answer.body.error, "temporarily_unavailable");
    assert.ok(answer.headers.get("retry-after"));
    await recorded(words);
  };
  const permanent = async (words: RegExp) => {
    const answer = await trust.exchange(await trust.sign());
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error, "invalid_request");
    await recorded(words);
  };
  const recorded = async (words: RegExp) => {
    const [refusal] = (await events(server, "workload.refused")).slice(-1);
    assert.match(refusal.details.reason, words);
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
  await temporary(/not JSON/);
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

Deno.test("private addresses are not asked unless the operator allows it", async () => {
  await using issuer = await startIssuer();
  const open = new IssuerKeys(settableClock(), new OutboundHttp(machineNetwork({})), true);
  assert.ok(await open.keySet(issuer.url, () => true));
  const asked: string[] = [];
  const watching = new OutboundHttp({
    ...machineNetwork({}),
    send(url) {
      asked.push(String(url));
      return Promise.resolve({ status: 404, headers: new Headers(), body: new Uint8Array() });
    },
  });
  const strict = new IssuerKeys(settableClock(), watching, false);
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
    await assert.rejects(() => strict.keySet(address, () => true), /not asked/, address);
  }
  assert.deepEqual(asked, []);
  await assert.rejects(() => strict.keySet("https://1.1.1.1", () => true), /status 404/);
});

testOnEachDatabase("texts that no database takes do no harm", async (location) => {
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
});

testOnEachDatabase("scope, audience and life stay within the rule", async (location) => {
  await using trust = await trusting(location);
  await trust.addRule({ scope: "deploy", lifetimeSeconds: 120, enabledUntil: "2026-11-25" });
  const narrowed = await trust.exchange(await trust.sign(), { scope: "deploy" });
  assert.equal(narrowed.body.expires_in, 120);
  const wider = await trust.exchange(await trust.sign(), { scope: "deploy read" });
  assert.match(wider.body.error_description, /does not grant read/);
  const fits = { audience: ISSUER, resource: ISSUER };
  assert.equal((await trust.exchange(await trust.sign(), fits)).status, 200);
  const target = await trust.exchange(await trust.sign(), { resource: "https://other.example" });
  assert.equal(target.body.error, "invalid_target");
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
  assert.match(late.body.error_description, /ended on 2026-11-25/);
});

testOnEachDatabase("rules are made, refused and removed", async (location) => {
  await using trust = await trusting(location);
  const { server } = trust;
  const refused = async (change: Partial<TrustRuleRequest>, reason: RegExp) => {
    await assert.rejects(() => trust.addRule(change), (error) => {
      assert.ok(error instanceof OperationError, String(error));
      assert.match(error.message, reason);
      return true;
    });
  };
  await refused({ conditions: [] }, /strangers.*--force/s);
  await refused({ scope: "" }, /--scope/);
  await refused({ scope: "admin" }, /no scope admin/);
  await refused({ scope: "openid" }, /no scope openid/);
  await refused({ lifetimeSeconds: 86_400 }, /between 60 s and 60 min/);
  await refused({ serviceAccount: "nobody" }, /no service account nobody/);
  await refused({ userEmail: "nobody@example.test" }, /no user/);
  await refused({ enabledUntil: "soon" }, /no date/);
  await refused({ name: "a b" }, /no name/);
  await trust.addRule({ conditions: [], force: true, name: "forced" });
  const [created] = await events(server, "trust_rule.created");
  assert.equal(created.details.forced, true);
  await refused({ conditions: [], force: true, name: "forced" }, /already/);
  await removeTrustRule(server.parts, { name: "forced" });
  await assert.rejects(() => removeTrustRule(server.parts, { name: "forced" }), /no rule/);

  // A rule may act for a person, who must not be disabled.
  const user = await server.addUser("alice@example.test");
  await trust.addRule({ userEmail: user.email });
  const answer = await trust.exchange(await trust.sign());
  assert.equal(decodeJwt(answer.body.access_token).sub, user.id);
  await server.parts.sql`update users set disabled_at = created_at`;
  const disabled = await trust.exchange(await trust.sign());
  assert.match(disabled.body.error_description, /disabled/);
});

testOnEachDatabase("a flood of junk does not fill the audit log", async (location) => {
  await using trust = await trusting(location);
  await using stranger = await startIssuer({ clock: trust.server.clock });
  const junk = await stranger.sign({ aud: ISSUER, sub: "x" });
  await Promise.all(Array.from({ length: 130 }, () => trust.exchange(junk)));
  assert.equal((await events(trust.server, "workload.refused")).length, 100);
  trust.server.clock.advance({ hours: 1 });
  await trust.exchange(junk);
  assert.equal((await events(trust.server, "workload.refused")).length, 101);
});
