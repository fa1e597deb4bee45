/**
 * Statements on many tokens at once. Each row here differs in one respect from one that a statement
 * applies to, so that each of its conditions decides once.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  claimExpiringTokens,
  deleteOldPersonalAccessTokens,
} from "../../../server/store/pats/expiry.ts";
import {
  findOwnerRecord,
  findPersonalAccessToken,
  findTokensByHash,
  findTokensForValidation,
} from "../../../server/store/pats/find.ts";
import { recordTokenUses } from "../../../server/store/pats/last_used.ts";
import { recordLeaks } from "../../../server/store/pats/leaks.ts";
import { countTokensOfOwner, listPersonalAccessTokens } from "../../../server/store/pats/list.ts";
import type { NewToken } from "../../../server/store/pats/types.ts";
import {
  insertPersonalAccessToken,
  limitTokenExpiry,
  lockTokenOwner,
  revokePersonalAccessTokens,
  revokeTokensCreatedByLogin,
  revokeTokensOfOwner,
  updatePersonalAccessToken,
} from "../../../server/store/pats/write.ts";
import { tokenHash, tokenHashHex } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

interface TokenChange extends Partial<NewToken> {
  revokedAt?: Date;
}

/** Two users, a service account, and a way to insert tokens. */
async function newOwners(store: TestStore) {
  const { sql } = store;
  const at = (days: number) => store.at({ days });
  const [alice, bob, ci] = [
    { kind: "user" as const, id: (await store.addUser()).id },
    { kind: "user" as const, id: (await store.addUser()).id },
    { kind: "service_account" as const, id: (await store.addServiceAccount()).id },
  ];
  const insert = async (name: string, { revokedAt, ...change }: TokenChange = {}) => {
    const token: NewToken = {
      id: randomUUID(),
      owner: alice,
      name,
      tokenHash: tokenHash(name),
      prefix: "prefix",
      scope: "deploy",
      audience: "x",
      allowedAddresses: [],
      createdAt: at(-30),
      ...change,
    };
    assert.equal(await insertPersonalAccessToken(sql, token), true);
    if (revokedAt !== undefined) {
      await sql`update personal_access_tokens
        set revoked_at = ${revokedAt}, revoked_reason = 'before' where id = ${token.id}`;
    }
    return token.id;
  };
  const find = async (id: string) => (await findPersonalAccessToken(sql, id))!;
  const names = (tokens: readonly { name: string }[]) => tokens.map(({ name }) => name).sort();
  return { sql, at, alice, bob, ci, insert, find, names };
}

testStore("personal_access_tokens", {
  async "inserts one token of many with the same id, hash or predecessor"(store) {
    const { sql, alice, insert, at } = await newOwners(store);
    const old = await insert("old");
    const base = {
      owner: alice,
      prefix: "prefix",
      scope: "deploy",
      audience: "x",
      allowedAddresses: [],
      createdAt: at(0),
    };
    const changes = [
      { id: randomUUID() },
      { tokenHash: tokenHash("same") },
      { rotatedFrom: old },
    ];
    await store.openConnections();
    for (const change of changes) {
      const inserted = await Promise.all(
        Array.from({ length: 10 }, () =>
          insertPersonalAccessToken(sql, {
            ...base,
            id: randomUUID(),
            name: randomUUID(),
            tokenHash: tokenHash(randomUUID()),
            ...change,
          })),
      );
      assert.equal(inserted.filter(Boolean).length, 1, Object.keys(change)[0]);
    }
  },
  async "inserts one active token of many with the same name"(store) {
    const { sql, at, alice, bob, insert, find } = await newOwners(store);
    await insert("cI", { revokedAt: at(-1) });
    await insert("Ci", { expiresAt: at(0) });
    const token = (owner: NewToken["owner"], name: string): NewToken => ({
      id: randomUUID(),
      owner,
      name,
      tokenHash: tokenHash(randomUUID()),
      prefix: "prefix",
      scope: "deploy",
      audience: "x",
      allowedAddresses: [],
      createdAt: at(0),
    });
    const insertLocked = (token: NewToken) =>
      sql.begin(async (tx) => {
        await lockTokenOwner(tx, token.owner.id);
        return await insertPersonalAccessToken(tx, token);
      });
    await store.openConnections();
    const names = ["ci", "CI", "Ci", "\uff23\uff29", "ci\u200d", "cI"];
    const inserted = await Promise.all(names.map((name) => insertLocked(token(alice, name))));
    assert.equal(inserted.filter(Boolean).length, 1);
    assert.equal(await insertLocked(token(bob, "ci")), true, "another owner");
    const id = await insert("deploy");
    const update = (name: string) =>
      sql.begin(async (tx) => {
        await lockTokenOwner(tx, alice.id);
        const change = { scope: "", allowedAddresses: ["192.0.2.1"], description: "new" };
        return await updatePersonalAccessToken(tx, {
          id,
          ownerId: alice.id,
          name,
          ...change,
          now: at(0),
        });
      });
    assert.equal(await update("CI"), false);
    assert.equal((await find(id)).scope, "deploy");
    assert.equal(await update("Deploy"), true, "its own name");
    const { name, scope, allowedAddresses, description } = await find(id);
    assert.deepEqual([name, scope, allowedAddresses, description], [
      "Deploy",
      "",
      ["192.0.2.1"],
      "new",
    ]);
    const successor = { ...token(alice, "Deploy"), rotatedFrom: id };
    assert.equal(await insertLocked(successor), true, "its successor");
  },
  async "finds tokens by their hashes, for users and service accounts"(store) {
    const { sql, at, alice, ci, insert } = await newOwners(store);
    const id = await insert("alice's", { expiresAt: at(1), allowedAddresses: ["192.0.2.0/24"] });
    const other = await insert("ci's", { owner: ci, revokedAt: at(-1) });
    const hashes = ["alice's", "ci's", "unknown"].map(tokenHashHex);
    const records = await findTokensForValidation(sql, hashes);
    assert.equal(records.size, 2);
    assert.deepEqual(records.get(hashes[0]), {
      id,
      owner: alice,
      scope: "deploy",
      audience: "x",
      resource: undefined,
      allowedAddresses: ["192.0.2.0/24"],
      createdAt: at(-30).getTime(),
      expiresAt: at(1).getTime(),
      revokedAt: undefined,
    });
    const record = records.get(hashes[1])!;
    assert.deepEqual([record.owner, record.expiresAt, record.revokedAt], [ci, Infinity, at(-1)]);
    const tokens = await findTokensByHash(sql, hashes);
    assert.deepEqual([...tokens.values()].map((token) => token.id).sort(), [id, other].sort());
    assert.equal((await findTokensByHash(sql, [])).size, 0);
    assert.deepEqual(await findOwnerRecord(sql, ci), {
      id: ci.id,
      subject: ci.id,
      username: tokens.get(hashes[1])!.owner.username,
      disabled: false,
      isAdmin: false,
      groups: [],
      scope: "deploy",
    });
    assert.equal(await findOwnerRecord(sql, { kind: "user", id: ci.id }), undefined);
  },
  async "counts active tokens and those of the last day"(store) {
    const { sql, at, alice, bob, ci, insert } = await newOwners(store);
    const count = (ownerId: string, activeAt?: Date) =>
      sql.begin((tx) => countTokensOfOwner(tx, ownerId, { activeAt, createdAfter: at(-1) }));
    const counts = async (
      name: string,
      change: TokenChange,
      [active, rotating]: [number, number],
    ) => {
      const id = await insert(name, change);
      const owner = (change.owner ?? alice).id;
      assert.equal(await count(owner, at(0)), active, name);
      assert.equal(await count(owner), rotating, `${name}, in a rotation`);
      await sql`delete from personal_access_tokens where id = ${id}`;
    };
    await counts("never expires", {}, [1, 0]);
    await counts("active", { expiresAt: at(1) }, [1, 0]);
    await counts("expired", { expiresAt: at(0) }, [0, 0]);
    await counts("revoked", { revokedAt: at(-2) }, [0, 0]);
    await counts("revoked before it expires", { revokedAt: at(-2), expiresAt: at(1) }, [0, 0]);
    await counts("new", { createdAt: at(-0.5) }, [1, 1]);
    await counts("new and revoked", { createdAt: at(-0.5), revokedAt: at(-0.1) }, [1, 1]);
    await counts("a day old", { createdAt: at(-1), revokedAt: at(-0.1) }, [0, 0]);
    await counts("of a service account", { owner: ci }, [1, 0]);
    await insert("another user's", { owner: bob, createdAt: at(-0.5) });
    assert.equal(await count(alice.id, at(0)), 0);
  },
  async "revokes the active tokens of an owner or a login, and no others"(store) {
    const { sql, at, alice, bob, ci, insert, find, names } = await newOwners(store);
    const loginId = await store.addLogin(alice.id);
    const revocation = { reason: "all", now: at(0) };
    const ofOwner = (ownerId: string) => () =>
      sql.begin((tx) => revokeTokensOfOwner(tx, { ownerId, ...revocation }));
    const ofLogin = () =>
      sql.begin((tx) => revokeTokensCreatedByLogin(tx, { loginId, ...revocation }));
    const cases: [string, TokenChange, () => Promise<{ name: string }[]>, TokenChange][] = [
      ["a user's", {}, ofOwner(alice.id), { owner: bob }],
      ["a service account's", { owner: ci }, ofOwner(ci.id), { owner: bob }],
      ["a login's", { createdByLogin: loginId }, ofLogin, { createdByLogin: undefined }],
    ];
    for (const [which, change, revoke, otherChange] of cases) {
      const active = [
        await insert("never expires", change),
        await insert("active", { ...change, expiresAt: at(1) }),
      ];
      const others = [
        await insert("expired", { ...change, expiresAt: at(0) }),
        await insert("revoked", { ...change, revokedAt: at(-1) }),
        await insert("another's", { ...change, ...otherChange }),
      ];
      const before = await Promise.all(others.map(find));
      assert.deepEqual(names(await revoke()), ["active", "never expires"], which);
      for (const id of active) {
        const { revokedAt, revokedReason } = await find(id);
        assert.deepEqual([revokedAt, revokedReason], [at(0), "all"], which);
      }
      assert.deepEqual(await Promise.all(others.map(find)), before, which);
      await sql`delete from personal_access_tokens`;
    }
  },
  async "revokes a token once, and keeps the first reason"(store) {
    const { sql, at, insert, find } = await newOwners(store);
    const [id, other] = [await insert("token"), await insert("other")];
    const revoke = (reason: string, days: number) =>
      revokePersonalAccessTokens(sql, { ids: [id], reason, now: at(days) });
    assert.deepEqual(await revoke("first", 0), [id]);
    assert.deepEqual(await revoke("second", 1), []);
    const { revokedAt, revokedReason } = await find(id);
    assert.deepEqual([revokedAt, revokedReason], [at(0), "first"]);
    assert.equal((await find(other)).revokedAt, undefined);
  },
  async "records a leak of an active token, once a day"(store) {
    const { sql, at, insert, find } = await newOwners(store);
    const report = (id: string, days = 0, reporter = "github") =>
      sql.begin((tx) =>
        recordLeaks(tx, {
          leaks: [{ id, place: null }],
          reporter,
          now: at(days),
          unlessSince: at(days - 1),
        })
      );
    const other = await insert("not reported");
    const active = [await insert("never expires"), await insert("active", { expiresAt: at(9) })];
    for (const id of active) {
      assert.deepEqual(await report(id), [id]);
      assert.deepEqual(await report(id, 0.9, "again"), [], "within the day");
      assert.equal((await find(id)).leak?.reporter, "github");
      assert.deepEqual(await report(id, 1, "again"), [id], "a day later");
    }
    assert.equal((await find(other)).leak, undefined);
    const inactive = [
      await insert("expired", { expiresAt: at(0) }),
      await insert("revoked", { revokedAt: at(-1) }),
    ];
    for (const id of inactive) {
      assert.deepEqual(await report(id), []);
      assert.equal((await find(id)).leak, undefined);
    }
  },
  async "never extends the expiry of a token"(store) {
    const { sql, at, insert, find } = await newOwners(store);
    const other = await insert("other");
    for (const [before, limit, after] of [[undefined, 1, 1], [2, 1, 1], [1, 2, 1]] as const) {
      const id = await insert(`${before} ${limit}`, { expiresAt: before && at(before) });
      await limitTokenExpiry(sql, { id, expiresAt: at(limit) });
      assert.deepEqual((await find(id)).expiresAt, at(after));
    }
    assert.equal((await find(other)).expiresAt, undefined);
  },
  async "keeps the newest use, and what is known of it"(store) {
    const { sql, at, insert, find } = await newOwners(store);
    const [id, unused] = [await insert("used"), await insert("unused")];
    const last = async () => {
      const { lastUsedAt, lastUsedAddress, lastUsedAgent } = await find(id);
      return [lastUsedAt, lastUsedAddress, lastUsedAgent];
    };
    await recordTokenUses(sql, [{ id, at: at(1), address: "192.0.2.1", agent: "curl" }]);
    assert.deepEqual(await last(), [at(1), "192.0.2.1", "curl"]);
    await recordTokenUses(sql, [{ id, at: at(0), address: "192.0.2.2", agent: "git" }]);
    assert.deepEqual(await last(), [at(1), "192.0.2.1", "curl"]);
    await recordTokenUses(sql, [{ id, at: at(2) }]);
    assert.deepEqual(await last(), [at(2), "192.0.2.1", "curl"], "use by a resource server");
    assert.equal((await find(unused)).lastUsedAt, undefined);
  },
  async "claims each reminder once, for active tokens without a successor"(store) {
    const { sql, at, bob, ci, insert, names } = await newOwners(store);
    await insert("never expires");
    await insert("later", { expiresAt: at(8) });
    await insert("expired", { expiresAt: at(0) });
    await insert("revoked", { expiresAt: at(5), revokedAt: at(-1) });
    const rotated = await insert("rotated", { expiresAt: at(5) });
    await insert("successor", { rotatedFrom: rotated });
    await insert("due", { expiresAt: at(5) });
    await insert("due to the second", { expiresAt: at(7) });
    await insert("short", { expiresAt: at(5), createdAt: at(-19.9) });
    await insert("due by its lifetime", { expiresAt: at(5), createdAt: at(-20), owner: bob });
    await insert("service account's", { owner: ci, expiresAt: at(5) });
    const claim = async (days: number, reminders: number, usersOnly = false) => {
      const within = { ms: days * 86_400_000, part: 5 };
      const query = { now: at(0), within, reminders, usersOnly, limit: 10 };
      return names(await claimExpiringTokens(sql, query));
    };
    assert.deepEqual(await claim(7, 1, true), ["due", "due by its lifetime", "due to the second"]);
    await store.openConnections();
    const claimed = await Promise.all(Array.from({ length: 5 }, () => claim(7, 1)));
    assert.deepEqual(claimed.flat(), ["service account's"]);
    assert.deepEqual(await claim(5, 2), ["due", "due by its lifetime", "service account's"]);
    assert.deepEqual(await claim(5, 1), [], "the last reminder replaces earlier ones");
  },
  async "lists the tokens that a query matches, and no others"(store) {
    const { sql, at, alice, bob, ci, insert, names } = await newOwners(store);
    await insert("never expires");
    await insert("active", { expiresAt: at(1) });
    await insert("expired", { expiresAt: at(0) });
    await insert("revoked", { revokedAt: at(-1), expiresAt: at(1) });
    await insert("bob's", { owner: bob, prefix: "other" });
    await insert("ci's 100%", { owner: ci });
    const list = async (query: Omit<Parameters<typeof listPersonalAccessTokens>[1], "limit">) =>
      names(await listPersonalAccessTokens(sql, { ...query, limit: 10 }));
    const ownerId = alice.id;
    const status = (active: boolean) => ({ at: at(0), active });
    assert.deepEqual(await list({ ownerId, status: status(true) }), ["active", "never expires"]);
    assert.deepEqual(await list({ ownerId, status: status(false) }), ["expired", "revoked"]);
    assert.deepEqual(await list({ ownerId: ci.id }), ["ci's 100%"]);
    const expiring = await list({ ownerId, expiringSoonAt: at(0) });
    assert.deepEqual(expiring, ["active", "expired", "revoked"]);
    assert.deepEqual(await list({ search: "NEVER" }), ["never expires"]);
    assert.deepEqual(await list({ search: "othe" }), ["bob's"]);
    assert.deepEqual(await list({ search: "%" }), ["ci's 100%"], "not a pattern");
    assert.deepEqual(await list({ search: "_" }), [], "not a pattern");
  },
  async "pages through tokens in both directions, also those of one moment"(store) {
    const { sql, at, insert } = await newOwners(store);
    for (let count = 0; count < 5; count++) await insert(`old ${count}`, { createdAt: at(-2) });
    await insert("newest", { createdAt: at(-1) });
    const all = await listPersonalAccessTokens(sql, { limit: 10 });
    assert.deepEqual(all.map(({ name }) => name)[0], "newest");
    const page = await listPersonalAccessTokens(sql, { after: all[1], limit: 2 });
    assert.deepEqual(page, all.slice(2, 4));
    const previous = await listPersonalAccessTokens(sql, { before: all[3], limit: 2 });
    assert.deepEqual(previous, all.slice(1, 3));
  },
  async "deletes tokens that were revoked or expired before, at most as many as allowed"(store) {
    const { sql, at, insert, names } = await newOwners(store);
    await insert("revoked", { revokedAt: at(-2), expiresAt: at(9) });
    await insert("revoked later", { revokedAt: at(-1), expiresAt: at(-2) });
    await insert("expired", { expiresAt: at(-2) });
    await insert("never expires");
    assert.equal(await deleteOldPersonalAccessTokens(sql, at(-1), 1), 1);
    assert.equal(await deleteOldPersonalAccessTokens(sql, at(-1), 10), 1);
    const rest = await listPersonalAccessTokens(sql, { limit: 10 });
    assert.deepEqual(names(rest), ["never expires", "revoked later"]);
  },
});
