/** Disabling a user, or changing their password, revokes their access; no other change does. */
import assert from "node:assert/strict";
import { setUserDisabled, updateUser } from "../../../server/admin/user_operations.ts";
import { revokeAllLogins } from "../../../server/logins/revoke_all_logins.ts";
import { redeemDeviceCode } from "../../../server/store/device_authorizations.ts";
import { findUser } from "../../../server/store/users.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { brand } from "../../../shared/brand.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addSession, type TestServer, testServer } from "../../support/test_server.ts";

testOnEachDatabase("keeps the time when a user was first disabled", async (location) => {
  await using server = await testServer(location);
  const { parts, clock } = server;
  const { id, email } = await server.addUser();
  const first = new Date(clock.now());
  await setUserDisabled(parts, { email, disabled: true });
  clock.advance({ minutes: 1 });
  await setUserDisabled(parts, { email, disabled: true });
  assert.deepEqual((await findUser(parts.sql, id))?.disabledAt, first);
  await setUserDisabled(parts, { email, disabled: false });
  assert.equal((await findUser(parts.sql, id))?.disabledAt, undefined);
});

testOnEachDatabase(
  "revokes sessions and logins only for a new password or a disabled user",
  async (location) => {
    await using server = await testServer(location);
    const { parts } = server;
    const { id, email } = await server.addUser();
    const other = await server.addUser();
    const unchanged = [{ name: "Alice" }, { isAdmin: true }, { emailVerified: true }];
    for (const change of unchanged) {
      const before = await grantAccess(server, id);
      await updateUser(parts, { email, ...change });
      assert.equal(await hasAccess(server, before), true, Object.keys(change)[0]);
    }
    const enabled = await grantAccess(server, id);
    await setUserDisabled(parts, { email, disabled: false });
    assert.equal(await hasAccess(server, enabled), true, "enabled while enabled");

    const ofOther = await grantAccess(server, other.id);
    const before = await grantAccess(server, id);
    await updateUser(parts, { email, passwordHash: "$scrypt$" });
    assert.equal(await hasAccess(server, before), false);
    const again = await grantAccess(server, id);
    await setUserDisabled(parts, { email, disabled: true, force: true });
    assert.equal(await hasAccess(server, again), false);
    assert.equal(await hasAccess(server, ofOther), true, "another user's");
  },
);

testOnEachDatabase("changes nothing if the audit event cannot be recorded", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const { sql } = parts;
  const { id, email } = await server.addUser();
  const access = await grantAccess(server, id);
  const approved = await server.startLogin();
  await server.decide(approved.user_code, id);
  const before = await findUser(sql, id);
  await sql.unsafe(`
    create function disk_full() returns trigger language plpgsql as $$
      begin raise exception 'disk full' using errcode = 'disk_full'; end $$;
    create trigger disk_full before insert on audit_log
      for each row execute function disk_full()`);
  const request = { userId: id, exceptSession: access.session, address: "192.0.2.1" };
  const changes = [
    () => setUserDisabled(parts, { email, disabled: true }),
    () => updateUser(parts, { email, passwordHash: "$scrypt$other" }),
    () => updateUser(parts, { email, name: "Mallory" }),
    () => revokeAllLogins(parts, request),
  ];
  for (const change of changes) await assert.rejects(change, { code: "53100" });
  await sql`drop trigger disk_full on audit_log`;
  assert.deepEqual(await findUser(sql, id), before);
  assert.equal(await hasAccess(server, access), true);
  assert.equal((await server.poll(approved.device_code)).status, 200);
});

testOnEachDatabase("revokes a login that is redeemed at the same time", async (location) => {
  await using server = await testServer(location);
  const { sql, clock } = server.parts;
  const { id, email } = await server.addUser();
  const { session } = await grantAccess(server, id);
  await sql`update refresh_token_families set user_id = ${(await server.addUser()).id}`;
  const approved = await server.startLogin();
  await server.decide(approved.user_code, id);
  const [revocation] = await sql.begin(async (tx) => {
    await redeemDeviceCode(tx, {
      deviceCodeHash: tokenHash(approved.device_code),
      clientId: brand.cliClientId,
      now: new Date(clock.now()),
    });
    // The family that the redemption inserts.
    await tx`update refresh_token_families set user_id = ${id}`;
    const revocation = updateUser(server.parts, { email, passwordHash: "$scrypt$other" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [revocation];
  }) as unknown as [ReturnType<typeof updateUser>];
  assert.deepEqual(await revocation, { email });
  const [{ revoked_reason }] = await sql`select revoked_reason from refresh_token_families`;
  assert.equal(revoked_reason, "password_changed");
  const [{ expires_at }] = await sql`select expires_at from sessions where id = ${session}`;
  assert.ok(expires_at <= new Date(clock.now()));
});

interface Access {
  session: string;
  refreshToken: string;
}

async function grantAccess(server: TestServer, userId: string): Promise<Access> {
  return {
    session: await addSession(server.parts, userId),
    refreshToken: (await server.login(userId)).refresh_token!,
  };
}

/** Whether the session and the login are both valid; asserts that they are so together. */
async function hasAccess(server: TestServer, { session, refreshToken }: Access) {
  const { sql, clock } = server.parts;
  const [{ expires_at }] = await sql`select expires_at from sessions where id = ${session}`;
  const { status } = await server.refresh(refreshToken);
  assert.equal(expires_at > new Date(clock.now()), status === 200);
  return status === 200;
}
