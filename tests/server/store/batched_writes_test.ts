/** Invariant: a write that shares a statement with others has the outcome that a single statement has. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "../../../server/store/db/connect.ts";
import { recordPoll } from "../../../server/store/device_polls.ts";
import { insertDeviceAuthorization } from "../../../server/store/device_requests.ts";
import { findRefreshTokenFamily } from "../../../server/store/refresh_token_families.ts";
import { recordRepeatedAuditEvent } from "../../../server/store/repeated_audit_events.ts";
import { rotateRefreshToken } from "../../../server/store/rotate_refresh_token.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { generateUserCode } from "../../../server/tokens/user_code.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

interface Requested {
  limit?: number;
  network?: string;
  userCode?: string;
  userAgent?: string;
  code?: string;
}

function request({ sql, at }: TestStore, requested: Requested = {}) {
  const { limit = 500, network = "192.0.2.1", userCode = generateUserCode() } = requested;
  return insertDeviceAuthorization(sql, {
    id: randomUUID(),
    deviceCodeHash: tokenHash(requested.code ?? randomUUID()),
    userCode,
    clientId: 'a "client", \\ {1}',
    scope: "openid",
    intervalSeconds: 5,
    createdAt: at({}),
    expiresAt: at({ minutes: 15 }),
    requesterAddress: network,
    requesterNetwork: network,
    requesterUserAgent: requested.userAgent ?? "test/1",
    resources: ["https://one.example", "https://two.example"],
  }, limit);
}

function poll({ sql, at }: TestStore, code: string, seconds: number, leewayMs = 0) {
  return recordPoll(sql, {
    deviceCodeHash: tokenHash(code),
    clientId: 'a "client", \\ {1}',
    now: at({ seconds }),
    growthSeconds: 5,
    leewayMs,
    tick: { polls: 1, ms: 1000 },
  });
}

/** Starts `calls` together; the first four go separately, and the rest share a statement. */
function together<T>(calls: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(calls.map((call) => call()));
}

function values<T>(results: readonly PromiseSettledResult<T>[]): (T | "failed")[] {
  return results.map((result) => result.status === "fulfilled" ? result.value : "failed");
}

const count = async (sql: Sql) =>
  (await sql<{ n: number }[]>`select count(*)::int as n from device_authorizations`)[0].n;

testStore("batched writes", {
  async "stores each request as a single one would"(store) {
    const codes = Array.from({ length: 20 }, () => generateUserCode());
    const results = await together(codes.map((userCode) => () => request(store, { userCode })));
    assert.deepEqual(new Set(values(results)), new Set(["recorded"]));
    const rows = await store.sql`
      select distinct client_id, scope, status, interval_seconds, created_at, expires_at, resource,
        resources, requester_address, requester_user_agent, login_id, max_age, trace_context
      from device_authorizations`;
    assert.equal(rows.length, 1, "the rows differ between batches and single statements");
    assert.equal(await count(store.sql), 20);
  },

  async "fails only the request that the database rejects"(store) {
    const code = randomUUID();
    await request(store, { code });
    const results = await together([
      ...Array.from({ length: 6 }, () => () => request(store)),
      () => request(store, { userAgent: "nul \0" }),
      () => request(store, { code }),
      ...Array.from({ length: 6 }, () => () => request(store)),
    ]);
    assert.deepEqual(values(results).map((value) => value === "failed"), [
      ...Array(6).fill(false),
      ...[true, true],
      ...Array(6).fill(false),
    ]);
    assert.equal(await count(store.sql), 13);
  },

  async "accepts what a single statement accepts, as a surrogate without its pair"(store) {
    const results = await together(
      Array.from({ length: 8 }, (_, n) => () => request(store, { userAgent: `\ud800 ${n}` })),
    );
    assert.deepEqual(values(results), Array(8).fill("recorded"));
  },

  async "admits exactly as many requests of a network as may be pending"(store) {
    const limit = 5;
    const results = await together([
      // These go first, separately.
      ...Array.from({ length: 4 }, () => () => request(store, { network: "198.51.100.1" })),
      ...Array.from({ length: 3 }, () => () => request(store, { limit })),
      ...Array.from({ length: 4 }, () => () => request(store, { limit, network: "192.0.2.2" })),
      ...Array.from({ length: 7 }, () => () => request(store, { limit })),
    ]);
    const outcomes = values(results).slice(4);
    const others = outcomes.splice(3, 4);
    assert.deepEqual(others, Array(4).fill("recorded"));
    assert.deepEqual(outcomes.sort(), [...Array(5).fill("recorded"), ...Array(5).fill("too_many")]);
  },

  async "stores one of several requests with the same user code"(store) {
    const userCode = generateUserCode();
    const results = await together(
      Array.from({ length: 8 }, () => () => request(store, { userCode })),
    );
    assert.deepEqual(values(results).sort(), [...Array(7).fill("code_taken"), "recorded"]);
  },

  async "polls each code as a single statement would"(store) {
    const codes = Array.from({ length: 12 }, () => randomUUID());
    for (const code of codes) await request(store, { code });
    const status = ["approved", "denied", "redeemed"];
    for (const [n, code] of codes.slice(6, 9).entries()) {
      await store.sql`
        update device_authorizations set status = ${status[n]}
        where device_code_hash = ${tokenHash(code)}`;
    }
    for (const seconds of [0, 6]) {
      const results = await together([
        ...codes.map((code) => () => poll(store, code, seconds)),
        () => poll(store, "unknown", seconds),
      ]);
      assert.deepEqual(
        values(results).map((result) => result !== "failed" && result.status),
        [...Array(6).fill("pending"), ...status, ...Array(3).fill("pending"), "unknown"],
      );
    }
    const early = values(await together(codes.map((code) => () => poll(store, code, 8))));
    assert.deepEqual(early[4], { status: "too_fast", intervalSeconds: 10 });
    assert.deepEqual(early[11], { status: "too_fast", intervalSeconds: 10 });
    assert.deepEqual(early[6], { status: "approved" });
    const late = values(await together(codes.map((code) => () => poll(store, code, 3600))));
    assert.deepEqual(late[5], { status: "expired" });
  },

  async "counts polls of the same code that arrive together one by one"(store) {
    const [code, ...others] = Array.from({ length: 6 }, () => randomUUID());
    for (const waiting of [code, ...others]) await request(store, { code: waiting });
    const results = values(
      await together([
        ...others.map((other) => () => poll(store, other, 1)),
        ...Array.from({ length: 4 }, (_, n) => () => poll(store, code, 1 + 2 * n)),
      ]),
    );
    assert.deepEqual(results.slice(5), [
      { status: "pending" },
      ...[10, 15, 20].map((intervalSeconds) => ({ status: "too_fast", intervalSeconds })),
    ]);
  },

  async "rotates each family once, whatever arrives together"(store) {
    const families = await Promise.all(Array.from({ length: 8 }, async () => {
      const id = await store.addLogin((await store.addUser()).id);
      return { handleHash: tokenHash(`handle ${id}`), hash: tokenHash(`first ${id}`) };
    }));
    const rotate = (current: typeof families[number], successor = "next") => () =>
      rotateRefreshToken(store.sql, {
        current,
        successorHash: tokenHash(successor),
        idleExpiresAt: store.at({ days: 30 }),
        now: store.at({}),
      });
    const results = values(
      await together([
        ...families.map((family) => rotate(family)),
        ...families.map((family) => rotate(family, "of a race")),
        rotate({ ...families[0], hash: tokenHash("a forgery") }),
      ]),
    );
    for (let n = 0; n < 8; n++) {
      assert.equal([results[n], results[n + 8]].filter((at) => at instanceof Date).length, 1);
      const family = await findRefreshTokenFamily(store.sql, families[n]);
      assert.equal(family?.token, "previous");
    }
    assert.equal(results.at(-1), undefined);
  },

  async "counts repeated audit events as single statements would"(store) {
    const clock = { now: () => store.at({}).getTime() };
    const record = (subject: string, details = {}) => () =>
      recordRepeatedAuditEvent(store.sql, clock, { event: "repeated", subject, details });
    const subjects = Array.from({ length: 12 }, (_, n) => `subject ${n}`);
    await Promise.all(subjects.slice(0, 6).map((subject) => record(subject)()));
    await together([
      ...subjects.map((subject) => record(subject)),
      ...subjects.map((subject) => record(subject)),
      record("subject 0", { other: 1 }),
    ]);
    const counts = await store.sql`
      select count::int, count(*)::int as events from audit_repeats where event = 'repeated'
      group by 1 order by 1`;
    assert.deepEqual(counts.map(({ count, events }) => [count, events]), [[0, 1], [1, 6], [2, 6]]);
    const recorded = await store.sql`
      select distinct result, occurred_at, address, actor from audit_log where event = 'repeated'`;
    assert.equal(recorded.length, 1, "the rows differ between batches and single statements");
    const [{ events }] = await store.sql`
      select count(distinct (subject, details))::int as events from audit_log
      where event = 'repeated'`;
    assert.equal(events, 13);
  },

  async "waits for the disk for a count within a transaction"(store) {
    const clock = { now: () => store.at({}).getTime() };
    const event = { event: "repeated", subject: "a subject" };
    await recordRepeatedAuditEvent(store.sql, clock, event);
    const setting = async (sql: Sql | Transaction) =>
      (await sql`select current_setting('synchronous_commit') as value`)[0].value;
    const before = await setting(store.sql);
    await store.sql.begin(async (tx) => {
      await tx`set local synchronous_commit to remote_apply`;
      await recordRepeatedAuditEvent(tx, clock, event);
      assert.equal(await setting(tx), "remote_apply");
    });
    assert.equal(await setting(store.sql), before);
  },
});
