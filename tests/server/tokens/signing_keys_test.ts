/** Signing keys: one signs at a time, and a token is verified until it expires. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { importKey, removeKey } from "../../../server/admin/key_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import type { DatabaseLocation } from "../../../server/store/db/connect.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { insertTrustRule } from "../../../server/store/trust_rules.ts";
import { signAccessToken } from "../../../server/tokens/access_token.ts";
import { signingKeyState } from "../../../server/tokens/signing_keys.ts";
import { brand } from "../../../shared/brand.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { verify } from "../../support/pats.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

/** States of the keys, each with how many are in it. */
async function states({ parts: { keys }, clock }: TestServer): Promise<Record<string, number>> {
  const listed = await keys.list();
  const now = new Date(clock.now());
  const counts: Record<string, number> = {};
  for (const key of listed) {
    const state = signingKeyState(key, listed, now);
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** A token of this life, signed by the key that is active now. */
async function sign({ parts }: TestServer, lifetime: number): Promise<string> {
  const id = crypto.randomUUID();
  await parts.sql`
    insert into service_accounts (id, name, scope, created_at)
    values (${id}, ${id}, 'deploy', ${new Date(parts.clock.now())})`;
  return await signAccessToken({ ...parts, lifetime }, {
    subject: id,
    clientId: brand.cliClientId,
    scope: "deploy",
    audience: ISSUER,
  });
}

async function isVerified(server: TestServer, token: string): Promise<boolean> {
  return (await verify(server, token)).status === 200;
}

testOnEachDatabase(
  "verifies every token until it expires, with any key",
  async (location) => {
    await using server = await testServer(location);
    const { parts, clock } = server;
    const ruleLifetime = 3600;
    const principal = await createServiceAccount(parts.sql, {
      name: "ci",
      scope: "deploy",
      now: new Date(clock.now()),
    });
    await insertTrustRule(parts.sql, {
      id: crypto.randomUUID(),
      name: "ci",
      provider: "generic",
      issuer: "https://ci.example",
      audience: ISSUER,
      conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
      scope: "deploy",
      lifetimeSeconds: ruleLifetime,
      principal: { id: principal!.id, kind: "service_account" },
      createdAt: new Date(clock.now()),
    });
    for (let rotation = 0; rotation < 4; rotation++) {
      const activatesAt = await parts.keys.rotate(false);
      clock.set(activatesAt.getTime() - 1000);
      const signedBy = (await parts.keys.active()).kid;
      const lifetimes = [parts.config.accessTokenLifetime, ruleLifetime];
      const tokens = [];
      for (const lifetime of lifetimes) tokens.push(await sign(server, lifetime));
      for (const [index, token] of tokens.entries()) {
        clock.set(activatesAt.getTime() - 1000 + lifetimes[index] * 1000 - 1000);
        await parts.keys.maintain();
        assert.notEqual((await parts.keys.active()).kid, signedBy);
        assert.equal(await isVerified(server, token), true, `${lifetimes[index]} s`);
        clock.advance({ seconds: 1 });
        assert.equal(await isVerified(server, token), false);
      }
      clock.advance({ hours: 1 });
      const { keys } = await parts.keys.keySet();
      assert.equal(keys.some(({ kid }) => kid === signedBy), false, "and no longer");
    }
  },
);

testOnEachDatabase(
  "removes a key from the key set in time, between two reads of the database",
  async (location) => {
    await using server = await testServer(location);
    const { parts, clock } = server;
    const signedBy = (await parts.keys.active()).kid;
    clock.advance({ seconds: 1 });
    await parts.keys.rotate(true);
    await parts.keys.maintain();
    const expiresAt = (await parts.keys.list()).find(({ kid }) => kid === signedBy)!.expiresAt!;
    const isPublished = async () =>
      (await parts.keys.keySet()).keys.some(({ kid }) => kid === signedBy);
    clock.set(expiresAt.getTime() - 1000);
    assert.equal(await isPublished(), true);
    clock.advance({ seconds: 1 });
    assert.equal(await isPublished(), false);
  },
);

testOnEachDatabase(
  "removes a leaked key immediately, despite a later scheduled successor",
  async (location) => {
    await using server = await testServer(location);
    const { parts, clock } = server;
    const leaked = (await parts.keys.active()).kid;
    clock.advance({ seconds: 1 });
    const later = await parts.keys.rotate(false);
    assert.ok(later.getTime() > clock.now());
    assert.deepEqual(await parts.keys.rotate(false), later, "called for once");
    assert.deepEqual(await states(server), { active: 1, scheduled: 1, next: 1 });
    assert.equal((await parts.keys.rotate(true)).getTime(), clock.now());
    assert.notEqual((await parts.keys.active()).kid, leaked);
    assert.deepEqual(await states(server), { retiring: 1, active: 1, next: 1 });
  },
);

testOnEachDatabase(
  "rejects the tokens of a removed key on every replica within a second",
  async (location) => {
    await using server = await testServer(location);
    // The embedded database has one process.
    const isShared = (location as DatabaseLocation).databaseUrl !== undefined;
    await using other = isShared ? await testServer(location, undefined, server.clock) : undefined;
    const replicas = [server, ...other === undefined ? [] : [other]];
    const { parts, clock } = server;
    const operations = { ...parts, actor: "operator" };
    const [active] = (await parts.keys.list()).filter(({ activatesAt }) => activatesAt);
    const token = await sign(server, 900);
    for (const replica of replicas) {
      await eventually("validated", () => isVerified(replica, token));
      // From the cache.
      assert.equal(await isVerified(replica, token), true);
    }
    clock.advance({ seconds: 1 });
    const removed = await removeKey(operations, { kid: active.kid });
    assert.deepEqual(removed, { state: "active" });
    assert.equal(await isVerified(server, token), false);
    for (const replica of replicas) {
      await eventually("rejected", async () => !await isVerified(replica, token), 5000);
      const { keys } = await replica.parts.keys.keySet();
      assert.ok(!keys.some(({ kid }) => kid === active.kid));
      const next = await sign(replica, 900);
      assert.equal(await isVerified(replica, next), true);
    }
    assert.deepEqual(await states(server), { active: 1, next: 1 });
    // The others are replaced without a gap, too.
    for (const key of await parts.keys.list()) {
      assert.ok(!(await removeKey(operations, { kid: key.kid }) instanceof DomainError));
      assert.deepEqual(await states(server), { active: 1, next: 1 });
    }
    const again = await removeKey(operations, { kid: active.kid });
    assert.ok(again instanceof DomainError && again.code === "not_found");
  },
);

testOnEachDatabase("signs with an imported key once verifiers have it", async (location) => {
  await using server = await testServer(location);
  const { parts, clock } = server;
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const imported = await importKey(parts, { key, activate: true });
  assert.ok(!(imported instanceof DomainError), (imported as DomainError).message);
  assert.equal(Date.parse(imported.activatesAt!), clock.now() + 600_000);
  assert.notEqual((await parts.keys.active()).kid, imported.kid);
  assert.deepEqual(await states(server), { active: 1, scheduled: 1, next: 1 });
  clock.advance({ minutes: 11 });
  assert.equal((await parts.keys.active()).kid, imported.kid);
  assert.equal(await isVerified(server, await sign(server, 900)), true);

  const codeOf = async (params: Parameters<typeof importKey>[1]) => {
    const result = await importKey(parts, params);
    return result instanceof DomainError ? result.code : "imported";
  };
  assert.equal(await codeOf({ key }), "conflict", "a duplicate");
  const jwk = JSON.stringify({ ...pair.privateKey.export({ format: "jwk" }), kid: "other" });
  assert.equal(await codeOf({ key: jwk }), "conflict", "the same key by another id");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
    .export({ type: "pkcs8", format: "pem" }).toString();
  assert.equal(await codeOf({ key: rsa }), "conflict", "no resource uses its algorithm");
  assert.equal(await codeOf({ key: "not a key" }), "invalid");
  await removeKey(parts, { kid: imported.kid });
  assert.equal(await codeOf({ key }), "conflict", "it was removed");
  const second = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    .export({ type: "pkcs8", format: "pem" }).toString();
  const next = await importKey(parts, { key: second });
  assert.ok(!(next instanceof DomainError));
  assert.equal(next.activatesAt, undefined);
  assert.deepEqual(await states(server), { retiring: 1, active: 1, next: 1 });
  clock.advance({ seconds: 1 });
  await parts.keys.rotate(true);
  assert.equal((await parts.keys.active()).kid, next.kid);
});

for (const [change, from, to] of [["raised", 900, 86_400], ["lowered", 86_400, 900]] as const) {
  testOnEachDatabase(
    `verifies tokens until they expire although their lifetime is ${change}`,
    async (location) => {
      const withLifetime = (lifetime: number, clock?: TestServer["clock"]) =>
        testServer(location as DatabaseLocation, (config) => {
          config.accessTokenLifetime = lifetime;
        }, clock);
      const { clock, old } = await (async () => {
        await using before = await withLifetime(from);
        await before.parts.keys.rotate(false);
        await before.parts.keys.maintain();
        return { clock: before.clock, old: { token: await sign(before, from), end: from } };
      })();
      // Restarted with the other life while the key still signs.
      await using server = await withLifetime(to, clock);
      const start = clock.now();
      const tokens = [old, { token: await sign(server, to), end: to }]
        .sort((a, b) => a.end - b.end);
      for (const { token, end } of tokens) {
        clock.set(start + end * 1000 - 1000);
        await server.parts.keys.maintain();
        assert.equal(await isVerified(server, token), true, `${end} s`);
      }
    },
  );
}
