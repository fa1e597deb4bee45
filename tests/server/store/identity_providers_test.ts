/** Identity providers, the accounts that are linked to them, and sign-ins in progress. */
import assert from "node:assert/strict";
import {
  deleteIdentity,
  findIdentity,
  findIdentityOf,
  insertIdentity,
  listIdentities,
  readIdentityRefreshToken,
  recordIdentityCheck,
  recordUpstreamSignIn,
} from "../../../server/store/identities.ts";
import {
  countProviderBelongings,
  deleteIdentityProvider,
  findConflictingProvider,
  findIdentityProvider,
  findRequiredProvider,
  hasIdentityProviders,
  type IdentityProvider,
  insertIdentityProvider,
  listEnabledProviders,
  listIdentityProviders,
  readProviderSecret,
  replaceProviderSecret,
  setProviderDisabledAt,
  updateIdentityProvider,
} from "../../../server/store/identity_providers.ts";
import {
  deleteOldProviderTests,
  findProviderTest,
  finishProviderTest,
  insertProviderTest,
  startProviderTest,
} from "../../../server/store/identity_provider_tests.ts";
import {
  countQueuedSignIns,
  denyQueuedSignIn,
  listQueuedSignIns,
  queueSignIn,
  takeQueuedSignIn,
} from "../../../server/store/queued_sign_ins.ts";
import {
  deleteOldUpstreamSignIns,
  insertUpstreamSignIn,
  useUpstreamSignIn,
} from "../../../server/store/upstream_sign_ins.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const SECRET = new Uint8Array([0, 1, 2]);

async function addProvider(
  { sql, at }: TestStore,
  changes: Partial<IdentityProvider> = {},
): Promise<IdentityProvider> {
  const name = changes.name ?? "okta";
  const provider: IdentityProvider = {
    name,
    template: "okta",
    issuer: `https://${name}.example.test`,
    clientId: "client",
    domains: ["acme.com"],
    required: false,
    trustsAddresses: false,
    firstSignIn: "allow",
    scopes: [],
    recheck: false,
    createdAt: at({}),
    ...changes,
  };
  assert.equal(await insertIdentityProvider(sql, { ...provider, clientSecret: SECRET }), true);
  return provider;
}

async function link(store: TestStore, subject: string, userId?: string) {
  const { sql, at } = store;
  const user = userId ?? (await store.addUser()).id;
  const identity = { provider: "okta", issuer: "https://okta.example.test", subject };
  const id = await sql.begin((tx) =>
    insertIdentity(tx, {
      ...identity,
      userId: user,
      email: "a@acme.com",
      claims: { name: "A" },
      now: at({}),
    })
  );
  return { id, userId: user, ...identity };
}

const state = (store: TestStore, changes = {}) => ({
  provider: "okta",
  purpose: "sign_in" as const,
  next: "/device",
  fresh: true,
  acr: "2fa",
  startedAt: store.at({}),
  stateHash: tokenHash("state"),
  browserHash: tokenHash("browser"),
  network: "192.0.2.1",
  expiresAt: store.at({ minutes: 10 }),
  since: store.at({ minutes: -10 }),
  limit: 100,
  ...changes,
});

testStore("identity_providers", {
  async "keeps providers, and changes them"(store) {
    const { sql, at } = store;
    const provider = await addProvider(store);
    assert.deepEqual(await findIdentityProvider(sql, "okta"), {
      ...provider,
      title: undefined,
      groupsClaim: undefined,
      acrMapping: undefined,
      disabledAt: undefined,
      managedBy: undefined,
    });
    const taken = { ...provider, clientSecret: SECRET };
    assert.equal(await insertIdentityProvider(sql, taken), false);
    assert.equal(await insertIdentityProvider(sql, { ...taken, name: "other" }), false);
    const changed = {
      title: "Acme",
      clientId: "other",
      domains: [],
      required: false,
      trustsAddresses: true,
      firstSignIn: "queue" as const,
      groupsClaim: "groups",
      acrMapping: { gold: "phr" as const },
      scopes: ["groups"],
      recheck: true,
    };
    await sql.begin((tx) => updateIdentityProvider(tx, "okta", changed));
    assert.deepEqual(await findIdentityProvider(sql, "okta"), {
      ...provider,
      ...changed,
      disabledAt: undefined,
      managedBy: undefined,
    });
    assert.equal(await hasIdentityProviders(sql), true);
    await sql.begin((tx) => setProviderDisabledAt(tx, "okta", { disabled: true, now: at({}) }));
    assert.equal(await hasIdentityProviders(sql), false);
    assert.deepEqual(await listEnabledProviders(sql), []);
    assert.deepEqual((await listIdentityProviders(sql))[0].disabledAt, at({}));
  },
  async "replaces a client secret only if it is the given one"(store) {
    const { sql } = store;
    await addProvider(store);
    const other = new Uint8Array([9]);
    await replaceProviderSecret(sql, { name: "okta", from: other, to: new Uint8Array([8]) });
    assert.deepEqual([...(await readProviderSecret(sql, "okta"))!], [...SECRET]);
    await replaceProviderSecret(sql, { name: "okta", from: SECRET, to: other });
    await replaceProviderSecret(sql, { name: "okta", to: new Uint8Array([7]) });
    assert.deepEqual([...(await readProviderSecret(sql, "okta"))!], [7]);
  },
  async "finds the required provider of a mail domain"(store) {
    const { sql, at } = store;
    await addProvider(store, { name: "google" });
    assert.equal(await findRequiredProvider(sql, "acme.com"), undefined);
    await addProvider(store, { required: true, domains: ["acme.com", "acme.org"] });
    assert.equal((await findRequiredProvider(sql, "acme.org"))?.name, "okta");
    assert.equal(await findRequiredProvider(sql, "acme"), undefined);
    await sql.begin(async (tx) => {
      const conflicts = (name: string, domains: string[]) =>
        findConflictingProvider(tx, { name, domains });
      assert.deepEqual({ ...await conflicts("google", ["b.com", "acme.org"]) }, {
        name: "okta",
        domain: "acme.org",
      });
      assert.equal(await conflicts("okta", ["acme.org"]), undefined);
      await setProviderDisabledAt(tx, "okta", { disabled: true, now: at({}) });
    });
    assert.equal(await findRequiredProvider(sql, "acme.org"), undefined);
  },
  async "links an account once, by issuer and subject"(store) {
    const { sql, at } = store;
    await addProvider(store);
    const first = await link(store, "1");
    assert.equal((await link(store, "1")).id, undefined);
    const other = await link(store, "2", first.userId);
    const linked = await findIdentityOf(sql, first);
    assert.deepEqual([linked?.identity.id, linked?.user.id], [first.id, first.userId]);
    assert.equal(await findIdentityOf(sql, { ...first, subject: "3" }), undefined);
    const listed = await listIdentities(sql, { userId: first.userId, provider: "okta" });
    assert.deepEqual(new Set(listed.map(({ id }) => id)), new Set([first.id, other.id]));
    await sql.begin((tx) =>
      recordUpstreamSignIn(tx, {
        id: first.id!,
        email: undefined,
        claims: { username: "a" },
        refreshToken: SECRET,
        now: at({ hours: 1 }),
      })
    );
    const { email, claims, hasRefreshToken, lastCheckedAt, lastSignedInAt } =
      (await findIdentity(sql, first.id!))!;
    assert.deepEqual({ email, claims, hasRefreshToken, lastCheckedAt, lastSignedInAt }, {
      email: undefined,
      claims: { username: "a" },
      hasRefreshToken: true,
      lastCheckedAt: at({ hours: 1 }),
      lastSignedInAt: at({ hours: 1 }),
    });
    const remove = (userId: string) =>
      sql.begin((tx) => deleteIdentity(tx, { id: first.id!, userId }));
    assert.equal(await remove((await store.addUser()).id), false);
    assert.equal(await remove(first.userId), true);
    assert.equal(await remove(first.userId), false);
  },
  async "keeps the refresh token of a later check"(store) {
    const { sql, at } = store;
    await addProvider(store);
    const { id } = await link(store, "1");
    const keep = (refreshToken: Uint8Array | undefined | null) =>
      sql.begin((tx) =>
        recordUpstreamSignIn(tx, {
          id: id!,
          email: undefined,
          claims: {},
          refreshToken,
          now: at({}),
        })
      );
    await keep(SECRET);
    await keep(undefined);
    const next = new Uint8Array([5]);
    await recordIdentityCheck(sql, {
      id: id!,
      from: SECRET,
      refreshToken: next,
      now: at({ days: 1 }),
    });
    await recordIdentityCheck(sql, {
      id: id!,
      from: SECRET,
      refreshToken: null,
      now: at({ days: 1 }),
    });
    assert.deepEqual([...(await readIdentityRefreshToken(sql, id!))!], [5]);
    assert.deepEqual((await findIdentity(sql, id!))!.lastCheckedAt, at({ days: 1 }));
    await keep(null);
    assert.equal(await readIdentityRefreshToken(sql, id!), undefined);
  },
  async "removes a provider with the accounts that are linked to it"(store) {
    const { sql } = store;
    await addProvider(store);
    const { userId } = await link(store, "1");
    assert.deepEqual({ ...await countProviderBelongings(sql, "okta") }, {
      identities: 1,
      only: 0,
      queued: 0,
    });
    await sql`update users set password_hash = null where id = ${userId}`;
    assert.equal((await countProviderBelongings(sql, "okta")).only, 1);
    await sql.begin((tx) => deleteIdentityProvider(tx, "okta"));
    assert.deepEqual(await listIdentities(sql, { userId }), []);
  },
  async "uses a state once, in the browser that started"(store) {
    const { sql, at } = store;
    await addProvider(store);
    assert.equal(await insertUpstreamSignIn(sql, state(store)), true);
    const use = (changes = {}) =>
      useUpstreamSignIn(sql, {
        stateHash: tokenHash("state"),
        provider: "okta",
        browserHash: tokenHash("browser"),
        now: at({ minutes: 1 }),
        ...changes,
      });
    assert.equal(await use({ stateHash: tokenHash("other") }), "unknown");
    assert.equal(await use({ browserHash: tokenHash("other") }), "other_browser");
    assert.equal(await use({ provider: "google" }), "other_browser");
    assert.equal(await use({ now: at({ minutes: 10 }) }), "expired");
    await store.openConnections();
    const used = await Promise.all(Array.from({ length: 10 }, () => use()));
    const started = used.filter((result) => typeof result !== "string");
    assert.deepEqual(started, [{
      provider: "okta",
      purpose: "sign_in",
      userId: undefined,
      testId: undefined,
      next: "/device",
      fresh: true,
      acr: "2fa",
      startedAt: at({}),
    }]);
    assert.equal(used.filter((result) => result === "used").length, 9);
    assert.equal(await deleteOldUpstreamSignIns(sql, at({ hours: 1 }), 10), 1);
  },
  async "limits the sign-ins that a network starts"(store) {
    const { sql, at } = store;
    await addProvider(store);
    const start = (index: number, changes = {}) =>
      insertUpstreamSignIn(
        sql,
        state(store, { stateHash: tokenHash(`${index}`), limit: 2, ...changes }),
      );
    assert.deepEqual([await start(1), await start(2), await start(3)], [true, true, false]);
    assert.equal(await start(4, { network: "192.0.2.2" }), true);
    assert.equal(await start(5, { since: at({}), startedAt: at({ minutes: 1 }) }), true);
  },
  async "queues first sign-ins up to a limit, each account once"(store) {
    const { sql, at } = store;
    await addProvider(store);
    const queue = (subject: string, now = at({}), email = `${subject}@acme.com`) =>
      sql.begin((tx) =>
        queueSignIn(tx, {
          provider: "okta",
          issuer: "https://okta.example.test",
          subject,
          email,
          name: subject,
          claims: {},
          now,
          limit: 2,
        })
      );
    const first = await queue("1");
    assert.ok(first !== "full" && first.state === "queued");
    assert.deepEqual(await queue("1", at({ hours: 1 })), { ...first, state: "waiting" });
    const second = await queue("2");
    // Who was shown the request with another address cannot approve it.
    const changed = await queue("2", at({}), "root@acme.com");
    assert.ok(second !== "full" && changed !== "full" && changed.id !== second.id);
    assert.equal(await sql.begin((tx) => takeQueuedSignIn(tx, second.id)), undefined);
    assert.equal(await queue("3"), "full");
    assert.equal(await countQueuedSignIns(sql), 2);
    await sql.begin((tx) => denyQueuedSignIn(tx, { id: first.id, now: at({}) }));
    assert.deepEqual(await queue("1"), { ...first, state: "denied" });
    assert.equal((await listQueuedSignIns(sql, { limit: 10 })).length, 1);
    assert.equal((await listQueuedSignIns(sql, { limit: 10, denied: true })).length, 2);
    const taken = await Promise.all(
      Array.from({ length: 3 }, () => sql.begin((tx) => takeQueuedSignIn(tx, first.id))),
    );
    assert.equal(taken.filter((row) => row !== undefined).length, 1);
    assert.equal(await sql.begin((tx) => takeQueuedSignIn(tx, "not an id")), undefined);
  },
  async "starts a test once, and keeps its first result"(store) {
    const { sql, at } = store;
    await addProvider(store);
    const hash = tokenHash("test");
    const test = { tokenHash: hash, provider: "okta", now: at({}), expiresAt: at({ hours: 1 }) };
    const id = (await insertProviderTest(sql, test))!;
    const start = (now: Date) => startProviderTest(sql, { tokenHash: hash, now });
    assert.equal(await start(at({ hours: 1 })), undefined);
    assert.equal((await start(at({})))?.id, id);
    assert.equal(await start(at({})), undefined);
    await finishProviderTest(sql, { id, result: { outcome: "allowed" }, now: at({}) });
    await finishProviderTest(sql, { id, result: { outcome: "refused" }, now: at({}) });
    assert.deepEqual((await findProviderTest(sql, id))?.result, { outcome: "allowed" });
    assert.equal(await findProviderTest(sql, "not an id"), undefined);
    assert.equal(await deleteOldProviderTests(sql, at({ days: 1 }), 10), 1);
  },
});
