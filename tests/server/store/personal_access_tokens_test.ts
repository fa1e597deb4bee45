/**
 * Statements on many tokens at once. Each row here differs from one that a statement is
 * for in one respect, so that each of its conditions decides alone.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { claimExpiringTokens } from "../../../server/store/pats/expiry.ts";
import { findPersonalAccessToken } from "../../../server/store/pats/find.ts";
import { recordTokenUses } from "../../../server/store/pats/last_used.ts";
import { recordLeaks } from "../../../server/store/pats/leaks.ts";
import { countTokensOfOwner, listPersonalAccessTokens } from "../../../server/store/pats/list.ts";
import type { NewToken } from "../../../server/store/pats/types.ts";
import {
  insertPersonalAccessToken,
  limitTokenExpiry,
  revokePersonalAccessTokens,
  revokeTokensCreatedByLogin,
  revokeTokensOfOwner,
} from "../../../server/store/pats/write.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const DAY = 86_400_000;

interface Wanted extends Partial<NewToken> {
  revokedAt?: Date;
  revokedReason?: string;
}

/** A person, a service account, somebody else, and a way to insert tokens that have names. */
async function owners(server: TestServer) {
  const { sql } = server.parts;
  const start = server.clock.now();
  const at = (days: number) => new Date(start + days * DAY);
  const { id } = await server.addUser();
  const other = await server.addUser();
  const account = await createServiceAccount(sql, { name: "ci", scope: "deploy", now: at(0) });
  const [alice, bob, ci] = [
    { kind: "user" as const, id },
    { kind: "user" as const, id: other.id },
    { kind: "service_account" as const, id: account!.id },
  ];
  const insert = async (name: string, wanted: Wanted = {}) => {
    const { revokedAt, revokedReason = "before", ...more } = wanted;
    const token = {
      id: randomUUID(),
      owner: alice,
      name,
      tokenHash: tokenHash(randomUUID()),
      prefix: "prefix",
      scope: "deploy",
      audience: "x",
      allowedAddresses: [],
      createdAt: at(-30),
      ...more,
    };
    assert.equal(await insertPersonalAccessToken(sql, token), true);
    if (revokedAt !== undefined) {
      await sql`update personal_access_tokens
        set revoked_at = ${revokedAt}, revoked_reason = ${revokedReason} where id = ${token.id}`;
    }
    return token.id;
  };
  const find = async (id: string) => (await findPersonalAccessToken(sql, id))!;
  const names = (tokens: readonly { name: string }[]) => tokens.map(({ name }) => name).sort();
  return { sql, at, alice, bob, ci, insert, find, names };
}

testOnEachDatabase(
  "what counts for the limit: living tokens, and those of the last day",
  async (location) => {
    await using server = await testServer(location);
    const { sql, at, alice, bob, ci, insert } = await owners(server);
    const count = (ownerId: string, activeAt?: Date) =>
      sql.begin((tx) => countTokensOfOwner(tx, ownerId, { activeAt, createdAfter: at(-1) }));
    const counts = async (name: string, more: Wanted, [living, replacing]: [number, number]) => {
      const id = await insert(name, more);
      const owner = (more.owner ?? alice).id;
      assert.equal(await count(owner, at(0)), living, name);
      assert.equal(await count(owner), replacing, `${name}, where one replaces another`);
      await sql`delete from personal_access_tokens where id = ${id}`;
    };
    await counts("endless", {}, [1, 0]);
    await counts("living", { expiresAt: at(1) }, [1, 0]);
    await counts("expired", { expiresAt: at(0) }, [0, 0]);
    await counts("revoked", { revokedAt: at(-2) }, [0, 0]);
    await counts("revoked with an end to come", { revokedAt: at(-2), expiresAt: at(1) }, [0, 0]);
    await counts("new", { createdAt: at(-0.5) }, [1, 1]);
    await counts("new and revoked", { createdAt: at(-0.5), revokedAt: at(-0.1) }, [1, 1]);
    await counts("a day old", { createdAt: at(-1), revokedAt: at(-0.1) }, [0, 0]);
    await counts("of a service account", { owner: ci }, [1, 0]);
    await insert("another person's", { owner: bob, createdAt: at(-0.5) });
    assert.equal(await count(alice.id, at(0)), 0);
  },
);

testOnEachDatabase(
  "revoking all tokens of an owner or a login takes the living ones and leaves the rest as it is",
  async (location) => {
    await using server = await testServer(location);
    const { sql, at, alice, bob, ci, insert, find, names } = await owners(server);
    const login = randomUUID();
    await sql`
      insert into refresh_token_families (id, handle_hash, current_hash, user_id, client_id, scope,
        authenticated_at, created_at, last_used_at, idle_expires_at, absolute_expires_at, address,
        user_agent)
      values (${login}, ${tokenHash(login)}, ${tokenHash(login)}, ${alice.id}, 'c', 'openid',
        ${at(0)}, ${at(0)}, ${at(0)}, ${at(9)}, ${at(9)}, '', '')`;
    const ways: [string, Wanted, () => Promise<{ name: string }[]>, Wanted][] = [
      [
        "of a person",
        {},
        () =>
          sql.begin((tx) =>
            revokeTokensOfOwner(tx, { ownerId: alice.id, reason: "all", now: at(0) })
          ),
        { owner: bob },
      ],
      [
        "of a service account",
        { owner: ci },
        () =>
          sql.begin((tx) => revokeTokensOfOwner(tx, { ownerId: ci.id, reason: "all", now: at(0) })),
        { owner: bob },
      ],
      [
        "of a login",
        { createdByLogin: login },
        () =>
          sql.begin((tx) =>
            revokeTokensCreatedByLogin(tx, { loginId: login, reason: "all", now: at(0) })
          ),
        { createdByLogin: undefined },
      ],
    ];
    for (const [way, more, revoke, others] of ways) {
      const living = [
        await insert("endless", more),
        await insert("living", { ...more, expiresAt: at(1) }),
      ];
      const left = [
        await insert("expired", { ...more, expiresAt: at(0) }),
        await insert("revoked", { ...more, revokedAt: at(-1) }),
        await insert("another's", { ...more, ...others }),
      ];
      const before = await Promise.all(left.map(find));
      assert.deepEqual(names(await revoke()), ["endless", "living"], way);
      for (const id of living) {
        const { revokedAt, revokedReason } = await find(id);
        assert.deepEqual([revokedAt, revokedReason], [at(0), "all"], way);
      }
      assert.deepEqual(await Promise.all(left.map(find)), before, way);
      await sql`delete from personal_access_tokens`;
    }
  },
);

testOnEachDatabase(
  "a token is revoked once, and keeps the reason of the first time",
  async (location) => {
    await using server = await testServer(location);
    const { sql, at, insert, find } = await owners(server);
    const [id, other] = [await insert("one"), await insert("other")];
    const revoke = (reason: string, days: number) =>
      revokePersonalAccessTokens(sql, { ids: [id], reason, now: at(days) });
    assert.deepEqual(await revoke("first", 0), [id]);
    assert.deepEqual(await revoke("second", 1), []);
    const { revokedAt, revokedReason } = await find(id);
    assert.deepEqual([revokedAt, revokedReason], [at(0), "first"]);
    assert.equal((await find(other)).revokedAt, undefined);
  },
);

testOnEachDatabase("a leak is news of a living token, once in a while", async (location) => {
  await using server = await testServer(location);
  const { sql, at, insert, find } = await owners(server);
  const report = (id: string, days = 0, reporter = "github") =>
    sql.begin((tx) =>
      recordLeaks(tx, {
        leaks: [{ id, place: null }],
        reporter,
        now: at(days),
        unlessSince: at(days - 1),
      })
    );
  for (const living of [await insert("endless"), await insert("living", { expiresAt: at(9) })]) {
    const untouched = await insert("not reported");
    assert.deepEqual(await report(living), [living]);
    assert.deepEqual(await report(living, 0.9, "again"), [], "within the day");
    assert.deepEqual((await find(living)).leak?.reporter, "github");
    assert.deepEqual(await report(living, 1, "again"), [living], "a day later");
    assert.equal((await find(untouched)).leak, undefined);
  }
  for (const ended of [{ expiresAt: at(0) }, { revokedAt: at(-1) }]) {
    const id = await insert("ended", ended);
    assert.deepEqual(await report(id), [], Object.keys(ended)[0]);
    assert.equal((await find(id)).leak, undefined);
  }
});

testOnEachDatabase("a token's end only comes nearer", async (location) => {
  await using server = await testServer(location);
  const { sql, at, insert, find } = await owners(server);
  for (const [before, to, after] of [[undefined, 1, 1], [2, 1, 1], [1, 2, 1]] as const) {
    const id = await insert("a token", { expiresAt: before && at(before) });
    const bystander = await insert("another");
    await limitTokenExpiry(sql, { id, expiresAt: at(to) });
    assert.deepEqual((await find(id)).expiresAt, at(after));
    assert.equal((await find(bystander)).expiresAt, undefined);
  }
});

testOnEachDatabase(
  "an older use replaces no newer one, nor what was known of it",
  async (location) => {
    await using server = await testServer(location);
    const { sql, at, insert, find } = await owners(server);
    const id = await insert("used");
    const untouched = await insert("unused");
    const last = async () => {
      const { lastUsedAt, lastUsedAddress, lastUsedAgent } = await find(id);
      return [lastUsedAt, lastUsedAddress, lastUsedAgent];
    };
    await recordTokenUses(sql, [{ id, at: at(1), address: "192.0.2.1", agent: "curl" }]);
    assert.deepEqual(await last(), [at(1), "192.0.2.1", "curl"]);
    await recordTokenUses(sql, [{ id, at: at(0), address: "192.0.2.2", agent: "git" }]);
    assert.deepEqual(await last(), [at(1), "192.0.2.1", "curl"]);
    await recordTokenUses(sql, [{ id, at: at(2) }]);
    assert.deepEqual(await last(), [at(2), "192.0.2.1", "curl"], "a resource server asked");
    assert.equal((await find(untouched)).lastUsedAt, undefined);
  },
);

testOnEachDatabase(
  "a warning is due once, for a living token that was not replaced",
  async (location) => {
    await using server = await testServer(location);
    const { sql, at, ci, insert, find, names } = await owners(server);
    await insert("endless");
    await insert("far", { expiresAt: at(8) });
    await insert("expired", { expiresAt: at(0) });
    await insert("revoked", { expiresAt: at(5), revokedAt: at(-1) });
    const replaced = await insert("replaced", { expiresAt: at(5) });
    await insert("successor", { rotatedFrom: replaced });
    const due = await insert("due", { expiresAt: at(5) });
    await insert("to the second", { expiresAt: at(7) });
    await insert("service account's", { owner: ci, expiresAt: at(5) });
    const take = async (days: number, warnings: number, usersOnly = false) =>
      names(
        await claimExpiringTokens(sql, {
          now: at(0),
          before: at(days),
          reminders: warnings,
          usersOnly,
          limit: 10,
        }),
      );
    assert.deepEqual(await take(7, 1, true), ["due", "to the second"]);
    assert.deepEqual(await take(7, 1), ["service account's"], "where everybody can be told");
    assert.deepEqual(await take(7, 1), []);
    assert.deepEqual(await take(5, 2), ["due", "service account's"]);
    assert.deepEqual(await take(5, 1), [], "who got the last warning gets not the first one");
    assert.equal((await find(due)).name, "due");
  },
);

testOnEachDatabase("a list has the tokens that were asked for, and no others", async (location) => {
  await using server = await testServer(location);
  const { sql, at, alice, bob, ci, insert, names } = await owners(server);
  await insert("endless");
  await insert("living", { expiresAt: at(1) });
  await insert("expired", { expiresAt: at(0) });
  await insert("revoked", { revokedAt: at(-1), expiresAt: at(1) });
  await insert("bob's", { owner: bob, prefix: "other" });
  await insert("ci's 100%", { owner: ci });
  const list = async (query: Omit<Parameters<typeof listPersonalAccessTokens>[1], "limit">) =>
    names(await listPersonalAccessTokens(sql, { ...query, limit: 10 }));
  const ownerId = alice.id;
  const status = (active: boolean) => ({ at: at(0), active });
  assert.deepEqual(await list({ ownerId, status: status(true) }), ["endless", "living"]);
  assert.deepEqual(await list({ ownerId, status: status(false) }), ["expired", "revoked"]);
  assert.deepEqual(await list({ ownerId: ci.id }), ["ci's 100%"]);
  assert.deepEqual(await list({ ownerId, expiringBefore: at(1) }), [
    "expired",
    "living",
    "revoked",
  ]);
  assert.deepEqual(await list({ search: "ENDLESS" }), ["endless"]);
  assert.deepEqual(await list({ search: "othe" }), ["bob's"]);
  assert.deepEqual(await list({ search: "%" }), ["ci's 100%"], "not a pattern");
  assert.deepEqual(await list({ search: "_" }), [], "not a pattern");
});
