/** What ends after a restore: with the audit log of the time since, and without it. */
import assert from "node:assert/strict";
import { revokeSince, type RevokeSinceParams } from "../../../server/admin/revoke_since.ts";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import {
  AuditFileError,
  isKnownEvent,
  readRevocations,
} from "../../../server/backup/read_revocations.ts";
import { recordJti } from "../../../server/store/used_assertions.ts";
import { recordRestore } from "../../../server/store/restores.ts";
import { createSetupLink } from "../../../server/store/setup_links.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { createPat, describeScopes } from "../../support/pats.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const MINUTE = 60_000;

async function events(server: TestServer, event: string) {
  return await server.parts.sql<{ subject: string; details: Record<string, unknown> }[]>`
    select subject, details from audit_log where event = ${event} order by seq`;
}

async function* lines(rows: readonly unknown[]): AsyncGenerator<string> {
  for (const row of rows) yield JSON.stringify(row);
}

function run(server: TestServer, params: Partial<RevokeSinceParams> & { since: string }) {
  return revokeSince({ ...server.parts, snapshot: undefined }, {
    ...{ dryRun: false, always: true, revocations: [] },
    ...{ allLogins: false, allTokens: false, recoveryCodes: false },
    ...params,
  });
}

testOnEachDatabase(
  "a refresh token that is newer than the restored database revokes its login without an alarm",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const { id } = await server.addUser();
    const rotated = (await server.login(id)).refresh_token!;
    const unused = (await server.login(id)).refresh_token!;
    const families = await sql`select * from refresh_token_families`;
    const since = new Date(server.clock.now());
    server.clock.advance({ minutes: 1 });
    let newest = rotated;
    for (let count = 0; count < 3; count++) {
      newest = (await server.refresh(newest)).body.refresh_token;
    }
    for (const { id, current_hash, previous_hash, last_used_at } of families) {
      await sql`
        update refresh_token_families set current_hash = ${current_hash},
          previous_hash = ${previous_hash}, last_used_at = ${last_used_at}
        where id = ${id}`;
    }
    await recordRestore(sql, { since, now: new Date(server.clock.now()) });
    server.clock.advance({ minutes: 1 });

    const refused = await server.refresh(newest);
    assert.equal(refused.body.error, "invalid_grant");
    assert.equal((await events(server, "refresh_token.replayed")).length, 0);
    const [{ details }] = await events(server, "login.revoked");
    assert.equal(details.reason, "restored");

    // One that was not renewed since goes on, and a replay of its tokens is one.
    const second = (await server.refresh(unused)).body.refresh_token;
    const third = (await server.refresh(second)).body.refresh_token;
    assert.equal((await server.refresh(third)).status, 200);
    assert.equal((await server.refresh(unused)).status, 400);
    assert.equal((await events(server, "refresh_token.replayed")).length, 1);
  },
);

testOnEachDatabase(
  "revoke-since ends what the audit log names and what was open, once",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { parts, clock } = server;
    const alice = await addUserWithPassword(server);
    const bob = await server.addUser("bob@example.test");
    const carol = await server.addUser("carol@example.test");
    const [revoked, kept] = [await server.login(alice.id), await server.login(alice.id)];
    const bobs = await server.login(bob.id);
    const management = await server.approveManagement(alice.id, "manage:tokens deploy");
    const { id: pat } = await createPat(server, { management: management.access_token }, {
      name: "nightly",
    });
    await createPat(server, { management: management.access_token }, { name: "other" });
    await addServiceAccount(parts, { name: "robot", scope: "deploy" });
    await signedIn(server);
    const waiting = await server.startLogin();
    await server.decide(waiting.user_code, alice.id);
    await createSetupLink(parts.sql, clock);
    const since = new Date(clock.now()).toISOString();
    clock.advance({ minutes: 1 });
    const later = await server.login(alice.id);

    const [{ id: loginId }] = await parts.sql<{ id: string }[]>`
      select id from refresh_token_families where user_id = ${alice.id} order by created_at, id limit 1`;
    const at = (minutes: number) => new Date(Date.parse(since) + minutes * MINUTE).toISOString();
    const { revocations, byHand, events: count } = await readRevocations(
      lines([
        { time: at(-1), event: "login.revoked", subject: "before", details: {} },
        { time: at(1), event: "login.revoked", subject: loginId, details: {} },
        {
          time: at(1),
          event: "token.rotated",
          subject: "x",
          details: { owner: alice.id, name: "nightly" },
        },
        { time: at(1), event: "service_account.disabled", subject: "robot", details: {} },
        { time: at(1), event: "user.disabled", subject: bob.id, details: {} },
        { time: at(3), event: "user.disabled", subject: carol.id, details: {} },
        { time: at(4), event: "user.enabled", subject: carol.id, details: {} },
        { time: at(5), event: "second_factor.reset", subject: alice.id, details: {} },
        { time: at(5), event: "signin.succeeded", subject: alice.id, details: {} },
      ]),
      new Date(since),
    );
    assert.equal(count, 8);
    assert.deepEqual(byHand.map(({ event }) => event), ["second_factor.reset"]);
    const expected = {
      setup_link: 1,
      device_authorization: 1,
      login: 1,
      token: 1,
      user: 1,
      service_account: 1,
    };
    const params = { since, revocations };
    const matches = ({ counts }: { counts: Record<string, number> }) => {
      for (const [kind, number] of Object.entries(expected)) {
        assert.equal(counts[kind], number, kind);
      }
      assert.ok(counts.session >= 1);
    };
    matches(await run(server, { ...params, dryRun: true }));
    assert.equal((await server.refresh(revoked.refresh_token!)).status, 200);
    const [{ restores }] = await parts.sql`select count(*)::int as restores from restores`;
    assert.equal(restores, 0);

    const result = await run(server, params);
    matches(result);
    assert.deepEqual(result.refused, []);
    const again = await run(server, params);
    for (const kind of Object.keys(expected)) assert.equal(again.counts[kind] ?? 0, 0, kind);

    assert.equal((await server.refresh(bobs.refresh_token!)).status, 400);
    assert.equal((await server.poll(waiting.device_code)).body.error, "access_denied");
    const renewed = (await server.refresh(later.refresh_token!)).body.refresh_token;
    const [token] = await parts
      .sql`select revoked_reason from personal_access_tokens where id = ${pat}`;
    assert.equal(token.revoked_reason, "restored");
    assert.deepEqual(
      (await events(server, "token.revoked")).map(({ subject }) => subject),
      [pat],
    );
    assert.equal((await events(server, "database.revoked_since")).length, 1);

    // Without a log: everything that there was.
    const all = await run(server, { since, allLogins: true, allTokens: true });
    assert.ok(all.counts.login >= 1);
    assert.equal(all.counts.token, 1);
    assert.equal((await server.refresh(kept.refresh_token!)).status, 400);
    assert.equal((await server.refresh(renewed)).status, 200);
  },
);

testOnEachDatabase(
  "an identity token that was issued before a restore is rejected, since it may have been used",
  async (location) => {
    await using server = await testServer(location);
    const { sql, clock } = server.parts;
    const now = clock.now();
    const assertion = (minutes: number) => ({
      issuer: "https://issuer.test",
      jti: String(minutes),
      issuedAt: new Date(now + minutes * MINUTE),
      expiresAt: new Date(now + 60 * MINUTE),
    });
    await recordRestore(sql, { since: new Date(now - 60 * MINUTE), now: new Date(now) });
    assert.equal(await recordJti(sql, assertion(-1)), false);
    assert.equal(await recordJti(sql, assertion(1)), true);
    assert.equal(await recordJti(sql, assertion(1)), false);
  },
);

const AT = Date.parse("2026-11-26T12:00:00Z");

/** What an audit log with these events, a minute apart, means. */
async function read(...rows: { event: string; subject?: string; details?: object }[]) {
  return await readRevocations(
    lines(rows.map((row, index) => ({
      ...{ time: new Date(AT + (index + 1) * MINUTE).toISOString(), subject: "", details: {} },
      ...row,
    }))),
    new Date(AT),
  );
}

Deno.test("an event that has revoked logins revokes them again, whatever came after it", async () => {
  const subject = "0b7c7d4e-1111-4222-8333-444455556666";
  const causes = [
    { event: "user.changed", details: { password: true } },
    { event: "upstream.logout", details: { browsers: 1, logins: 2 } },
    { event: "upstream.event_received", details: { logins: 1 } },
  ];
  for (const cause of causes) {
    const { revocations } = await read({ ...cause, subject });
    assert.deepEqual(revocations, [{ kind: "user_logins", id: subject }], cause.event);
  }
  const { revocations } = await read(
    { event: "user.disabled", subject },
    { event: "user.enabled", subject },
    { event: "resource.removed", subject: "orders", details: { logins: 3 } },
    { event: "upstream.logout", subject, details: { browsers: 1, logins: 0 } },
  );
  assert.deepEqual(revocations, [{ kind: "user_logins", id: subject }]);
});

Deno.test("what was replaced since the backup does not come back", async () => {
  const { revocations, byHand } = await read(
    { event: "recovery_codes.created", subject: "u" },
    { event: "token.refreshed", subject: "l" },
    { event: "signing_key.removed", subject: "k" },
    { event: "user.changed", subject: "u", details: { email_from: "a@x.test", name: false } },
    { event: "totp.enrolled", subject: "u" },
    { event: "scope.removed", subject: "deploy" },
    { event: "event.of_a_later_version", subject: "x" },
    { event: "user.changed", subject: "u", details: { name: true } },
  );
  assert.deepEqual(revocations.map(({ kind }) => kind), ["recovery_codes", "login", "signing_key"]);
  assert.deepEqual(byHand.map(({ event }) => event), [
    ...["user.changed", "totp.enrolled", "scope.removed", "event.of_a_later_version"],
  ]);
});

Deno.test("every documented event is known to revoke-since", () => {
  const table = Deno.readTextFileSync("docs/audit.md").split("\n## ")
    .find((section) => section.startsWith("Events\n"))!;
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  const events = rows.flatMap((row) => [...row.split(" | ")[0].matchAll(/`([a-z_]+\.?[a-z_]+)`/g)])
    .map(([, event]) => event);
  assert.ok(events.length > 100);
  assert.deepEqual(events.filter((event) => !isKnownEvent(event)), []);
});

testOnEachDatabase(
  "a signing key that was removed since the backup is removed again, known or not",
  async (location) => {
    await using server = await testServer(location);
    const { keys, sql } = server.parts;
    const since = new Date(server.clock.now()).toISOString();
    server.clock.advance({ minutes: 1 });
    const active = (await keys.active()).kid;
    const revocations = [active, "unknown"].map((id) => ({ kind: "signing_key" as const, id }));
    const tried = await run(server, { since, revocations, dryRun: true });
    assert.equal(tried.counts.signing_key, 1);
    assert.equal((await keys.active()).kid, active);
    const result = await run(server, { since, revocations });
    assert.equal(result.counts.signing_key, 1);
    assert.notEqual((await keys.active()).kid, active);
    const { keys: published } = await keys.keySet();
    assert.ok(published.every(({ kid }) => kid !== active));
    const removed = await sql<{ kid: string }[]>`select kid from removed_signing_keys`;
    assert.deepEqual(removed.map(({ kid }) => kid).sort(), [active, "unknown"].sort());
    assert.equal((await run(server, { since, revocations })).counts.signing_key ?? 0, 0);
  },
);

testOnEachDatabase(
  "what was created while a backup began ends too",
  async (location) => {
    await using server = await testServer(location);
    const { id } = await server.addUser();
    const since = new Date(server.clock.now()).toISOString();
    server.clock.advance({ seconds: 5 });
    const waiting = await server.startLogin();
    await server.decide(waiting.user_code, id);
    server.clock.advance({ minutes: 2 });
    const { counts } = await run(server, { since });
    assert.equal(counts.device_authorization, 1);
    assert.equal((await server.poll(waiting.device_code)).body.error, "access_denied");
  },
);

Deno.test("a line that is not an audit event is rejected by its number", async () => {
  for (const line of ["{", "[]", '{"time":"x","event":"login.revoked"}', '{"event":"a"}']) {
    const file = (async function* () {
      yield JSON.stringify({ time: "2026-11-26T00:00:00Z", event: "signout" });
      yield line;
    })();
    await assert.rejects(readRevocations(file, new Date(0)), (error) => {
      assert.ok(error instanceof AuditFileError);
      assert.match(error.message, /^line 2 /);
      return true;
    });
  }
});
