/** Reports of leaked tokens: the tokens are revoked, and their owners notified. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const GITHUB = "/api/v1/secret-scanning/github";

/** GitHub's list of keys, as the server asks for it. */
interface KeyServer {
  keys: { id: string; pair: { publicKey: KeyObject; privateKey: KeyObject }; current: boolean }[];
  asked: number;
  unchanged: number;
  down: boolean;
}

function keyPair() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Receives the server's own requests: a list of keys with ETag, and a webhook. */
function outside(server: TestServer) {
  const keys: KeyServer = {
    keys: [{ id: "first", pair: keyPair(), current: true }],
    asked: 0,
    unchanged: 0,
    down: false,
  };
  // deno-lint-ignore no-explicit-any
  const events: any[] = [];
  server.outgoing = (url, init) => {
    const headers = new Headers(init?.headers);
    if (String(url).startsWith("https://hooks.example.test/")) {
      events.push({
        ...JSON.parse(String(init!.body)),
        signature: headers.get("webhook-signature"),
      });
      return Promise.resolve(new Response(null, { status: 204 }));
    }
    keys.asked++;
    if (keys.down) return Promise.reject(new TypeError("unreachable"));
    const etag = `"${keys.keys.map(({ id, current }) => id + current).join()}"`;
    if (headers.get("if-none-match") === etag) {
      keys.unchanged++;
      return Promise.resolve(new Response(null, { status: 304 }));
    }
    const list = keys.keys.map(({ id, pair, current }) => ({
      key_identifier: id,
      key: pair.publicKey.export({ type: "spki", format: "pem" }),
      is_current: current,
    }));
    return Promise.resolve(Response.json({ public_keys: list }, { headers: { etag } }));
  };
  return { keys, events };
}

function withWebhook(config: Parameters<typeof describeScopes>[0]) {
  describeScopes(config);
  config.webhook = { url: "https://hooks.example.test/x", secret: "webhook secret" };
}

function alert(
  server: TestServer,
  key: { id: string; pair: { privateKey: KeyObject } },
  body: unknown,
  signed: unknown = body,
) {
  const text = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value);
  const signature = sign("sha256", new TextEncoder().encode(text(signed)), key.pair.privateKey);
  return call(server, undefined, "POST", GITHUB, text(body), {
    "github-public-key-identifier": key.id,
    "github-public-key-signature": signature.toString("base64"),
  });
}

testOnEachDatabase(
  "revokes our tokens in GitHub's alerts and labels the rest",
  async (location) => {
    await using server = await testServer(location, withWebhook);
    const { keys, events } = outside(server);
    const alice = await addPerson(server);
    const created = await createPat(server, alice);
    const unknown = created.token.slice(0, 20) + "AAAA" + created.token.slice(24);
    const place = "https://github.com/octo/repo/blob/abc/.env";
    const body = [
      { token: created.token, type: "pat", url: place, source: "content" },
      { token: unknown, type: "pat", url: "", source: "COMMIT" },
      { token: "nonsense", type: "pat", url: null, surprise: true },
    ];
    const answer = await alert(server, keys.keys[0], body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(answer.body, [
      { token_raw: created.token, token_type: "pat", label: "true_positive" },
      { token_raw: unknown, token_type: "pat", label: "false_positive" },
      { token_raw: "nonsense", token_type: "pat", label: "false_positive" },
    ]);
    assert.match((await verify(server, created.token)).challenge!, /revoked/);
    const { body: token } = await call(
      server,
      alice.management,
      "GET",
      `/api/v1/tokens/${created.id}`,
    );
    assert.equal(token.revoked_reason, "leaked, reported by github");
    await server.parts.webhook.close();
    assert.equal(events.length, 1);
    assert.equal(events[0].type, "token.leaked");
    assert.equal(events[0].data.place, place);
    assert.equal(events[0].data.owner.username, alice.email);
    assert.match(events[0].signature, /^v1,/);
    assert.ok(!JSON.stringify(events).includes(created.token));
    const auditEvents = await server.parts.sql`
    select * from audit_log where event = 'token.leaked'`;
    assert.equal(auditEvents.length, 1);
    assert.equal(auditEvents[0].details.place, place);
    assert.ok(!JSON.stringify(auditEvents).includes(created.token));

    // A second report changes nothing, and the label stays true.
    const again = await alert(server, keys.keys[0], [body[0]]);
    assert.equal(again.body[0].label, "true_positive");
    assert.equal(keys.asked, 1);
    assert.equal(
      (await server.parts.sql`select 1 from audit_log where event = 'token.leaked'`).length,
      1,
    );
  },
);

testOnEachDatabase("rejects an alert that GitHub did not sign", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { keys } = outside(server);
  const alice = await addPerson(server);
  const created = await createPat(server, alice);
  const body = [{ token: created.token, type: "pat", url: "", source: "content" }];
  const [key] = keys.keys;
  const refused = async (answer: Promise<{ status: number }>, status = 401) =>
    assert.equal((await answer).status, status);
  await refused(alert(server, { id: key.id, pair: keyPair() }, body));
  await refused(alert(server, { ...key, id: "unknown" }, body));
  await refused(alert(server, key, body, []));
  await refused(alert(server, key, body, `${JSON.stringify(body)} `));
  await refused(call(server, undefined, "POST", GITHUB, body));
  for (const header of ["github-public-key-identifier", "github-public-key-signature"]) {
    await refused(call(server, undefined, "POST", GITHUB, body, { [header]: key.id }));
  }
  for (const signature of ["", "AAAA", "not base64!", btoa("x".repeat(70))]) {
    await refused(call(server, undefined, "POST", GITHUB, body, {
      "github-public-key-identifier": key.id,
      "github-public-key-signature": signature,
    }));
  }
  await refused(alert(server, key, "[{"), 400);
  await refused(alert(server, key, { token: created.token }), 400);
  await refused(alert(server, key, JSON.stringify("x".repeat(10 * 1024 * 1024))), 413);
  assert.equal((await verify(server, created.token)).status, 200);
});

testOnEachDatabase(
  "caches GitHub's keys, follows their rotation, and tolerates an outage",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { keys } = outside(server);
    keys.down = true;
    const [first] = keys.keys;
    assert.equal((await alert(server, first, [])).status, 503);
    keys.down = false;
    // Another request at once would only hit GitHub's rate limit.
    assert.equal((await alert(server, first, [])).status, 503);
    assert.equal(keys.asked, 1);
    server.clock.advance({ seconds: 31 });
    assert.equal((await alert(server, first, [])).status, 200);
    assert.equal((await alert(server, first, [])).status, 200);
    assert.equal(keys.asked, 2);
    server.clock.advance({ minutes: 11 });
    assert.equal((await alert(server, first, [])).status, 200);
    assert.deepEqual([keys.asked, keys.unchanged], [3, 1]);

    // A new key is found at once, and signatures with the old one are rejected.
    const second = { id: "second", pair: keyPair(), current: true };
    keys.keys = [{ ...first, current: false }, second];
    server.clock.advance({ seconds: 31 });
    assert.equal((await alert(server, second, [])).status, 200);
    assert.equal((await alert(server, first, [])).status, 401);
    // While the list is unreachable, known keys stay valid.
    keys.down = true;
    server.clock.advance({ minutes: 11 });
    assert.equal((await alert(server, second, [])).status, 200);
  },
);

testOnEachDatabase(
  "revokes a token for anyone who has it, and limits guesses",
  async (location) => {
    await using server = await testServer(location, withWebhook);
    const { events } = outside(server);
    const alice = await addPerson(server);
    const [first, second] = [await createPat(server, alice), await createPat(server, alice)];
    const report = (body: unknown) => call(server, undefined, "POST", "/api/v1/revocations", body);
    const answer = await report({ token: first.token, url: "https://paste.example/1" });
    assert.deepEqual([answer.status, answer.body], [200, { revoked: true }]);
    assert.match((await verify(server, first.token)).challenge!, /revoked/);
    assert.deepEqual((await report({ token: first.token })).body, { revoked: true });

    const gitlab = await call(server, undefined, "POST", "/api/v1/secret-scanning/gitlab", [
      { type: "pat", token: second.token, location: "https://gitlab.example/x" },
    ]);
    assert.equal(gitlab.status, 204);
    assert.match((await verify(server, second.token)).challenge!, /revoked/);
    await server.parts.webhook.close();
    assert.deepEqual(events.map(({ data }) => data.reported_by), ["public", "gitlab"]);

    // Text with a wrong checksum does not count; a well-formed unknown token does.
    for (let i = 0; i < 70; i++) {
      assert.deepEqual((await report({ token: `${first.token}x` })).body, { revoked: false });
    }
    const unknown = first.token.slice(0, 4) + "A".repeat(43);
    let status = 0;
    let tries = 0;
    while (status !== 429 && tries++ < 100) status = (await report({ token: unknown })).status;
    // The repeated report above counts as well.
    assert.equal(tries, 60);
    const throttled = await report({ token: unknown });
    assert.ok(Number(throttled.headers.get("retry-after")) > 0);
    // Other clients with this address can still have an active token revoked.
    const third = await createPat(server, alice);
    assert.deepEqual((await report({ token: third.token })).body, { revoked: true });
    server.clock.advance({ minutes: 15 });
    assert.equal((await report({ token: unknown })).status, 200);
    assert.equal((await report({ token: "x".repeat(100_000) })).status, 413);
  },
);

testOnEachDatabase("only notifies of a leak if the policy says so", async (location) => {
  await using server = await testServer(location, (config) => {
    withWebhook(config);
    config.personalAccessTokens.revokeLeaked = false;
  });
  const { events } = outside(server);
  const { token } = await createPat(server, await addPerson(server));
  const answer = await call(server, undefined, "POST", "/api/v1/revocations", { token });
  assert.deepEqual(answer.body, { revoked: false });
  assert.equal((await verify(server, token)).status, 200);
  await server.parts.webhook.close();
  assert.equal(events[0].data.revoked, false);
});

testOnEachDatabase("revokes a reported token whatever its reported location", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { keys } = outside(server);
  const alice = await addPerson(server);
  for (const place of ["a\0b", "x".repeat(499) + "😀", "x\ud800y", "\0", "é".repeat(4000)]) {
    const [first, second] = [await createPat(server, alice), await createPat(server, alice)];
    const body = JSON.stringify({ token: first.token, url: place });
    const report = await call(server, undefined, "POST", "/api/v1/revocations", body);
    assert.deepEqual([report.status, report.body], [200, { revoked: true }], JSON.stringify(place));
    const alertBody = [{ token: second.token, type: "pat", url: place }];
    assert.equal((await alert(server, keys.keys[0], alertBody)).status, 200);
    for (const { token } of [first, second]) {
      assert.equal((await verify(server, token)).status, 401);
    }
  }
});

testOnEachDatabase(
  "reports a token as revoked if it is revoked or expired",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      config.personalAccessTokens.revokeLeaked = false;
    });
    const alice = await addPerson(server);
    const report = async (token: string) =>
      (await call(server, undefined, "POST", "/api/v1/revocations", { token })).body;
    const living = await createPat(server, alice, { name: "living" });
    const expired = await createPat(server, alice, { name: "expired", expires_in: 1 });
    const revoked = await createPat(server, alice, { name: "revoked" });
    await call(server, alice.management, "DELETE", `/api/v1/tokens/${revoked.id}`);
    server.clock.advance({ seconds: 1 });
    assert.deepEqual(await report(living.token), { revoked: false });
    assert.deepEqual(await report(expired.token), { revoked: true });
    assert.deepEqual(await report(revoked.token), { revoked: true });
  },
);

testOnEachDatabase(
  "accepts only keys of the type that GitHub documents",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { keys } = outside(server);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice);
    const rsa = {
      id: "rsa",
      pair: generateKeyPairSync("rsa", { modulusLength: 512 }),
      current: true,
    };
    keys.keys.push(rsa);
    const bodyOf = (url: number) => [{ token, type: "pat", url: String(url), source: "content" }];
    // A signature that begins as GitHub's do, so that the kind of the key decides.
    const begins = (url: number) =>
      sign("sha256", Buffer.from(JSON.stringify(bodyOf(url))), rsa.pair.privateKey)[0];
    let url = 0;
    while (begins(url) !== 0x30) url++;
    assert.equal((await alert(server, rsa, bodyOf(url))).status, 401);
    assert.equal((await verify(server, token)).status, 200);
    assert.equal((await alert(server, keys.keys[0], bodyOf(url))).status, 200);
    assert.equal((await verify(server, token)).status, 401);
  },
);

testOnEachDatabase(
  "counts reports that change nothing by IPv6 /56",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice);
    const unknown = token.slice(0, 4) + "A".repeat(43);
    const report = async (peer: string) => {
      const response = await server.request("/api/v1/revocations", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: unknown }),
      }, peer);
      await response.body?.cancel();
      return response.status;
    };
    for (let i = 0; i < 60; i++) {
      assert.equal(await report(`2001:db8:0:${i.toString(16)}::1`), 200);
    }
    assert.equal(await report("2001:db8:0:ff::1"), 429);
    assert.equal(await report("2001:db8:0:100::1"), 200, "another subscriber's");
  },
);
