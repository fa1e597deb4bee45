/** Disabling a person, or changing their password, ends what they got in with; nothing else does. */
import assert from "node:assert/strict";
import { findUser } from "../../../server/store/users.ts";
import { setUserDisabled, updateUser } from "../../../server/logins/user_access.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addSession, testServer } from "../../support/test_server.ts";

testOnEachDatabase(
  "a person who is disabled again stays disabled since the first time",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const { id, email } = await server.addUser();
    const first = new Date(server.clock.now());
    const later = new Date(server.clock.now() + 60_000);
    await setUserDisabled(sql, email, true, first);
    await setUserDisabled(sql, email, true, later);
    assert.deepEqual((await findUser(sql, id))?.disabledAt, first);
    await setUserDisabled(sql, email, false, later);
    assert.equal((await findUser(sql, id))?.disabledAt, undefined);
  },
);

testOnEachDatabase(
  "only a new password, or being disabled, ends a person's sessions and logins",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const { id, email } = await server.addUser();
    const other = await server.addUser();
    const now = () => new Date(server.clock.now());
    const prepare = async (userId: string) => ({
      session: await addSession(server.parts, userId),
      refreshToken: (await server.login(userId)).refresh_token!,
    });
    const goesOn = async ({ session, refreshToken }: Awaited<ReturnType<typeof prepare>>) => {
      const [{ expires_at }] = await sql`select expires_at from sessions where id = ${session}`;
      const { status } = await server.refresh(refreshToken);
      assert.equal(expires_at > now(), status === 200);
      return status === 200;
    };
    const unchanged: Parameters<typeof updateUser>[2][] = [
      { name: "Alice", now: now() },
      { isAdmin: true, now: now() },
      { emailVerified: true, now: now() },
    ];
    for (const change of unchanged) {
      const before = await prepare(id);
      await updateUser(sql, email, change);
      assert.equal(await goesOn(before), true, Object.keys(change)[0]);
    }
    const enabled = await prepare(id);
    await setUserDisabled(sql, email, false, now());
    assert.equal(await goesOn(enabled), true, "enabled while enabled");

    const bystander = await prepare(other.id);
    const before = await prepare(id);
    await updateUser(sql, email, { passwordHash: "$scrypt$", now: now() });
    assert.equal(await goesOn(before), false);
    const again = await prepare(id);
    await setUserDisabled(sql, email, true, now());
    assert.equal(await goesOn(again), false);
    assert.equal(await goesOn(bystander), true, "another person's");
  },
);
