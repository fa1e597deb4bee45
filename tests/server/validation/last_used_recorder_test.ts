/** The last use of tokens is written late, and not lost. */
import assert from "node:assert/strict";
import { LastUsedRecorder } from "../../../server/validation/last_used_recorder.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { seedTokens } from "../../support/seed_tokens.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

/** Uses over a database that fails while `down`, and what is logged. */
async function uses(server: TestServer) {
  const { sql } = server.parts;
  const user = await server.addUser();
  const [id, other] = await seedTokens(server, user, [{ name: "one" }, { name: "other" }]);
  const state = { down: false, logged: [] as string[], meanwhile: () => {} };
  const failing = new Proxy(sql, {
    apply(target, self, args) {
      if (state.down) {
        state.meanwhile();
        throw new Error("the database is away");
      }
      return Reflect.apply(target, self, args);
    },
  });
  const lastUses = new LastUsedRecorder(
    failing as Sql,
    (_level, event) => state.logged.push(event),
  );
  const start = server.clock.now();
  const last = async (token: string) => {
    const [row] = await sql`
      select last_used_at, last_used_address, last_used_agent from personal_access_tokens
      where id = ${token}`;
    const seconds = row.last_used_at && (row.last_used_at.getTime() - start) / 1000;
    return [seconds, row.last_used_address, row.last_used_agent];
  };
  const note = (token: string, seconds: number, address?: string, agent?: string) =>
    lastUses.record(token, start + seconds * 1000, address, agent);
  return { id, other, state, lastUses, last, note };
}

testOnEachDatabase(
  "writes uses that could not be written later, the newest of each token",
  async (location) => {
    await using server = await testServer(location);
    const { id, other, state, lastUses, last, note } = await uses(server);
    try {
      state.down = true;
      note(id, 1, "192.0.2.1", "curl/8");
      note(other, 2, "192.0.2.2", "curl/8");
      // One more while the others are on their way.
      state.meanwhile = () => {
        state.meanwhile = () => {};
        note(id, 3, "192.0.2.3", "git/2");
      };
      await lastUses.flush();
      assert.deepEqual(state.logged, ["token_uses_not_written"]);
      state.down = false;
      await lastUses.flush();
      assert.deepEqual((await last(id)).slice(0, 2), [3, "192.0.2.3"]);
      assert.deepEqual((await last(other)).slice(0, 2), [2, "192.0.2.2"]);
    } finally {
      await lastUses.close();
    }
  },
);

testOnEachDatabase("a use from an unknown address keeps the last known one", async (location) => {
  await using server = await testServer(location);
  const { id, other, lastUses, last, note } = await uses(server);
  note(id, 1, "192.0.2.1", "curl/8");
  const agent = (await lastUses.flush(), (await last(id))[2]);
  assert.notEqual(agent, null);
  // A resource server asks, which does not say where the token was used.
  note(id, 2);
  note(other, 3, "192.0.2.2", "curl/8");
  note(other, 4);
  await lastUses.close();
  assert.deepEqual(await last(id), [2, "192.0.2.1", agent]);
  assert.deepEqual(await last(other), [4, "192.0.2.2", agent]);
});
