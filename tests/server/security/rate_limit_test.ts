/**
 * Rate limits on guesses. Invariants: of any number of simultaneous guesses no more than the limit
 * are checked; and users who did not guess are not locked out.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DomainError } from "../../../server/domain_error.ts";
import type { DatabaseLocation, Sql } from "../../../server/store/db/connect.ts";
import { deleteOldFailedAttempts, releaseAttempt } from "../../../server/store/failed_attempts.ts";
import {
  type AllowedAttempt,
  checkPasswordLimit,
  checkRejectionLimit,
  checkUserCodeLimit,
} from "../../../server/security/rate_limit.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { testServer } from "../../support/test_server.ts";

const start = Date.UTC(2026, 0, 1);
const at = (minutes: number) => new Date(start + minutes * 60_000);
const admitted = (results: (AllowedAttempt | DomainError)[]) =>
  results.filter((result) => "attempt" in result).length;
const wait = (result: AllowedAttempt | DomainError) =>
  result instanceof DomainError ? result.retryAfterSeconds : undefined;
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

async function withSql(location: DatabaseLocation, test: (sql: Sql) => Promise<void>) {
  await using server = await testServer(location);
  await test(server.parts.sql);
}

function password(sql: Sql, attempt: Partial<Parameters<typeof checkPasswordLimit>[1]>) {
  const email = "alice@example.com";
  return checkPasswordLimit(sql, {
    email,
    address: "192.0.2.7",
    knownHere: false,
    now: at(0),
    ...attempt,
  });
}

testOnEachDatabase(
  "allows 10 of 200 parallel guesses at one password",
  (location) =>
    withSql(location, async (sql) => {
      const userId = randomUUID();
      const guesses = times(200, (index) => password(sql, { userId, address: `192.0.2.${index}` }));
      assert.equal(admitted(await Promise.all(guesses)), 10);
    }),
);

testOnEachDatabase(
  "allows 100 of 200 parallel guesses from one address",
  (location) =>
    withSql(location, async (sql) => {
      const guesses = times(200, () => password(sql, { userId: randomUUID() }));
      assert.equal(admitted(await Promise.all(guesses)), 100);
    }),
);

testOnEachDatabase(
  "allows 10 of 200 parallel guesses at user codes",
  (location) =>
    withSql(location, async (sql) => {
      const userId = randomUUID();
      const guesses = times(
        200,
        (index) => checkUserCodeLimit(sql, { userId, address: `192.0.2.${index}`, now: at(0) }),
      );
      assert.equal(admitted(await Promise.all(guesses)), 10);
    }),
);

testOnEachDatabase(
  "one user's failures do not lock out others at the same address",
  (location) =>
    withSql(location, async (sql) => {
      const guess = (userId: string, minutes: number, address = "192.0.2.7") =>
        checkUserCodeLimit(sql, { userId, address, now: at(minutes) });
      const clumsy = randomUUID();
      assert.ok("attempt" in await guess(clumsy, 0));
      for (const userId of times(33, () => randomUUID())) {
        for (let failure = 0; failure < 3; failure++) await guess(userId, 0);
      }
      assert.equal(wait(await guess(clumsy, 1)), 59 * 60);
      assert.ok("attempt" in await guess(clumsy, 1, "198.51.100.1"), "elsewhere it is not blocked");
      const honest = await guess(randomUUID(), 1);
      assert.ok("attempt" in honest, "an account without failures is not limited");
      await releaseAttempt(sql, honest.attempt);
      assert.ok("attempt" in await guess(clumsy, 60), "an hour later all is forgotten");
    }),
);

testOnEachDatabase(
  "an account known at an address can sign in there despite others' failures",
  (location) =>
    withSql(location, async (sql) => {
      for (let failure = 0; failure < 100; failure++) await password(sql, { userId: randomUUID() });
      const userId = randomUUID();
      assert.ok("retryAfterSeconds" in await password(sql, { userId }));
      for (let failure = 0; failure < 10; failure++) {
        assert.ok("attempt" in await password(sql, { userId, knownHere: true }));
      }
      const refused = await password(sql, { userId, knownHere: true });
      assert.ok("retryAfterSeconds" in refused, "its own limit still applies");
    }),
);

testOnEachDatabase(
  "a success is not counted, and resets nothing",
  (location) =>
    withSql(location, async (sql) => {
      const userId = randomUUID();
      for (let failure = 0; failure < 9; failure++) {
        await password(sql, { userId, now: at(failure) });
      }
      for (let success = 0; success < 20; success++) {
        const admission = await password(sql, { userId, now: at(9) });
        assert.ok("attempt" in admission);
        await releaseAttempt(sql, admission.attempt);
      }
      const last = await password(sql, { userId, now: at(10) });
      assert.ok("attempt" in last);
      assert.deepEqual(last.reachesLimits, ["account"]);
      // The first of the ten failures leaves the window of 15 minutes at minute 15.
      assert.equal(wait(await password(sql, { userId, now: at(11) })), 4 * 60);
      assert.ok("attempt" in await password(sql, { userId, now: at(15) }));
      assert.ok("retryAfterSeconds" in await password(sql, { userId, now: at(15) }));
    }),
);

testOnEachDatabase(
  "an unknown account has the limit of a known one, in any case",
  (location) =>
    withSql(location, async (sql) => {
      const guesses = times(
        30,
        (index) => password(sql, { email: index % 2 ? "BOB@example.com" : "bob@example.com" }),
      );
      assert.equal(admitted(await Promise.all(guesses)), 10);
      const stored = await sql<{ subject: string }[]>`select distinct subject from failed_attempts`;
      assert.ok(stored.every(({ subject }) => !/bob/i.test(subject)), "what was typed is not kept");
    }),
);

testOnEachDatabase(
  "counts an IPv6 subscriber once, not each address",
  (location) =>
    withSql(location, async (sql) => {
      const guesses = times(
        150,
        (index) => password(sql, { userId: randomUUID(), address: `2001:db8:1:2::${index}` }),
      );
      assert.equal(admitted(await Promise.all(guesses)), 100);
      const neighbor = { userId: randomUUID(), address: "2001:db8:1:3::1" };
      assert.ok("attempt" in await password(sql, neighbor));
    }),
);

testOnEachDatabase(
  "deletes only old failures",
  (location) =>
    withSql(location, async (sql) => {
      const userId = randomUUID();
      for (const minutes of [0, 10, 20]) await password(sql, { userId, now: at(minutes) });
      await deleteOldFailedAttempts(sql, at(15), 1000);
      const [{ count }] = await sql`select count(*)::int as count from failed_attempts`;
      assert.equal(count, 2, "one for the account, one for the address");
    }),
);

testOnEachDatabase(
  "failures elsewhere do not lock a user out at a known address",
  (location) =>
    withSql(location, async (sql) => {
      const userId = randomUUID();
      for (let guess = 0; guess < 20; guess++) {
        await password(sql, { userId, address: "198.51.100.66" });
      }
      assert.ok("retryAfterSeconds" in await password(sql, { userId }));
      assert.ok("attempt" in await password(sql, { userId, knownHere: true }));
      // Known or not, one place has ten guesses.
      const more = times(20, () => password(sql, { userId, knownHere: true }));
      assert.equal(admitted(await Promise.all(more)), 9);
    }),
);

testOnEachDatabase(
  "counts an IPv6 subscriber with a /56 once, not each /64",
  (location) =>
    withSql(location, async (sql) => {
      const address = (index: number) =>
        `2001:db8:1:2${(index % 256).toString(16).padStart(2, "0")}::1`;
      const guesses = times(
        300,
        (index) => password(sql, { userId: randomUUID(), address: address(index) }),
      );
      assert.equal(admitted(await Promise.all(guesses)), 200);
      const codes = times(
        300,
        (index) =>
          checkUserCodeLimit(sql, {
            userId: `clumsy ${index % 50}`,
            address: address(index),
            now: at(0),
          }),
      );
      assert.ok(admitted(await Promise.all(codes)) <= 250);
      const neighbor = { userId: randomUUID(), address: "2001:db8:1:300::1" };
      assert.ok("attempt" in await password(sql, neighbor));
    }),
);

testOnEachDatabase(
  "others' failures do not lock a user out of a browser that is signed in",
  (location) =>
    withSql(location, async (sql) => {
      const userId = randomUUID();
      for (let guess = 0; guess < 20; guess++) {
        await password(sql, { userId, address: `198.51.100.${guess}` });
        await password(sql, { userId, knownHere: true });
      }
      for (let failure = 0; failure < 100; failure++) await password(sql, { userId: randomUUID() });
      assert.ok("retryAfterSeconds" in await password(sql, { userId }));
      assert.ok("retryAfterSeconds" in await password(sql, { userId, knownHere: true }));
      const own = times(20, () => password(sql, { userId, browser: "session" }));
      assert.equal(admitted(await Promise.all(own)), 10, "it has ten attempts as well");
      const address = "203.0.113.77";
      assert.ok("attempt" in await password(sql, { userId, browser: "another", address }));
    }),
);

testOnEachDatabase(
  "counts rejected workloads of one IPv6 subscriber once, not each /64",
  (location) =>
    withSql(location, async (sql) => {
      const refuse = (address: string) => checkRejectionLimit(sql, { address, now: at(0) });
      const noted = await Promise.all(
        times(110, (index) => refuse(`2001:db8:0:${index.toString(16)}::1`)),
      );
      assert.equal(noted.filter(Boolean).length, 100);
      assert.equal(await refuse("2001:db8:0:100::1"), true, "another subscriber's");
    }),
);

testOnEachDatabase(
  "the attempt that reaches a limit reports it, once",
  (location) =>
    withSql(location, async (sql) => {
      const fills = async (attempt: Parameters<typeof password>[1]) => {
        const admission = await password(sql, attempt);
        return "reachesLimits" in admission ? admission.reachesLimits : "refused";
      };
      const userId = randomUUID();
      for (let count = 1; count < 10; count++) assert.deepEqual(await fills({ userId }), []);
      assert.deepEqual(await fills({ userId }), ["account"]);
      assert.equal(await fills({ userId }), "refused");
      for (let count = 11; count < 100; count++) {
        assert.deepEqual(await fills({ userId: randomUUID() }), [], String(count));
      }
      assert.deepEqual(await fills({ userId: randomUUID() }), ["address"]);
      assert.equal(await fills({ userId: randomUUID() }), "refused");
    }),
);
