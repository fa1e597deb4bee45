/** A token never counts as valid for longer than the server said. */
import assert from "node:assert/strict";
import { EXIT } from "../../shared/exit_codes.ts";
import { tokensFor } from "../support/client_home.ts";
import { processClock } from "../support/libfaketime.ts";
import { deviceAuthorization, ScriptedServer } from "../support/scripted_server.ts";
import { terminal } from "../support/terminal.ts";

const LIFETIME_MS = 900_000;

async function loggedIn(env: Record<string, string> = {}) {
  await using cleanUp = new AsyncDisposableStack();
  const server = cleanUp.use(new ScriptedServer());
  const at = cleanUp.use(await terminal(env));
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), interval: 0 },
  });
  const issue = (access: string) =>
    server.script("/oauth/token", tokensFor(server, "alice@example.com", access));
  issue("first");
  const args = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
  const { code, stderr } = await at.run(args);
  assert.equal(code, EXIT.ok, stderr);
  server.asked.length = 0;
  const owned = cleanUp.move();
  return { server, at, issue, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test({
  name: "renews a token received while the clock was ahead, once the clock is right",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const ahead of [{ days: 1 }, { hours: 1 }, { minutes: 20 }]) {
      await using clock = await processClock();
      await using login = await loggedIn(clock.env);
      const { server, at, issue } = login;
      await clock.advance(ahead);
      issue("by-the-wrong-clock");
      assert.equal((await at.run(["token"])).code, EXIT.ok);

      await clock.advance(
        Object.fromEntries(Object.entries(ahead).map(([unit, by]) => [unit, -by])),
      );
      const status = JSON.parse((await at.run(["status", "--json"])).stdout);
      assert.ok(Date.parse(status.expiresAt) <= clock.now() + LIFETIME_MS, status.expiresAt);
      issue("by-the-right-clock");
      const { stdout } = await at.run(["token", "--json"]);
      const { token, expiresAt } = JSON.parse(stdout);
      assert.equal(token, "by-the-right-clock");
      assert.ok(Date.parse(expiresAt) <= clock.now() + LIFETIME_MS);
      assert.equal((await at.run(["token"])).stdout, `${token}\n`);
      assert.equal(server.askedAt("/oauth/token").length, 2);
    }
  },
});

Deno.test("warns about a --min-ttl beyond the server's lifetimes, and does not renew at every call", async () => {
  await using login = await loggedIn();
  const { server, at, issue } = login;
  issue("second");
  for (const minTtl of ["15m", "1h", "1d", "30d"]) {
    for (const command of [["token"], ["token", "--json"], ["exec", "--", "true"]]) {
      const [name, ...rest] = command;
      const { code, stderr } = await at.run([name, "--min-ttl", minTtl, ...rest]);
      assert.equal(code, EXIT.ok, stderr);
      assert.match(stderr, /^Warning: .*\n$/);
    }
  }
  assert.equal(server.askedAt("/oauth/token").length, 0);
  const quiet = await at.run(["token", "--min-ttl", "5m"]);
  assert.deepEqual([quiet.code, quiet.stderr], [EXIT.ok, ""]);
});
