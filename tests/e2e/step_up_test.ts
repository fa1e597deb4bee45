/**
 * Permissions that a login lacks, requested by a program without a terminal: what it prints, and how
 * another process gets the token once a person has approved it.
 */
import assert from "node:assert/strict";
import { EXIT } from "../../shared/exit_codes.ts";
import { PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { type Ended, start } from "../support/binary.ts";
import { install } from "../support/installation.ts";
import { processClock } from "../support/libfaketime.ts";
import { parseOutput } from "../support/output_schema.ts";
import { terminal } from "../support/terminal.ts";

const BOB = { email: "bob@example.com", password: `${PASSWORD_MARK} to Bob` };

Deno.test({
  name: "a program without a terminal gets a token once a person has approved it",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using clean = new AsyncDisposableStack();
    const clock = clean.use(await processClock());
    const config = await Deno.makeTempFile({ suffix: ".toml" });
    clean.defer(() => Deno.remove(config));
    await Deno.writeTextFile(config, `[scopes]\ndeploy = "Deploy"\nread = "Read"\n`);
    const server = clean.use(await install({ args: ["--config", config], env: clock.env }));
    await server.addUser(BOB, "--name", "Bob Example");
    const at = clean.use(await terminal(clock.env));
    const scopes = "openid email offline_access read";
    const args = ["--insecure-storage", "--scope", scopes];
    assert.equal((await at.login(server, server.alice, { args })).code, EXIT.ok);

    const verify = async (token: string, query: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${server.issuer}/auth/verify?${query}`, { headers });
      await response.body?.cancel();
      return { status: response.status, challenge: response.headers.get("www-authenticate") ?? "" };
    };
    /** What a person has to approve, from a command that did not wait. */
    const requested = ({ code, stdout, stderr }: Ended) => {
      assert.equal(code, EXIT.authenticationRequired, stderr);
      assert.equal(stdout, "");
      return parseOutput("token", stderr.trim().split("\n").at(-1)!);
    };
    const printed = ({ code, stdout, stderr }: Ended) => {
      assert.equal(code, EXIT.ok, stderr);
      return stdout.trim();
    };
    const own = printed(await at.run(["token"]));

    await t.step("it prints what to open, and a killed process loses nothing", async () => {
      const challenge = (await verify(own, "scope=deploy")).challenge;
      assert.match(challenge, /insufficient_scope/);
      const first = requested(await at.run(["token", "--challenge", challenge]));
      assert.deepEqual(first.scopes, ["deploy"]);
      assert.equal(requested(await at.run(["token", "--scope", "deploy"])).id, first.id);
      await using waiting = start(["token", "--resume", first.id], { env: at.home.env, stdin: "" });
      await waiting.waitFor(/Waiting for approval/, 60_000);
      waiting.kill("SIGKILL");
      await waiting.ended;
      await using again = start(["token", "--resume"], { env: at.home.env, stdin: "" });
      await again.waitFor(/Waiting for approval/, 60_000);
      await server.alice.decide(first.userCode, "approve");
      const token = printed(await again.ended);
      assert.equal((await verify(token, "scope=deploy")).status, 200);
      assert.equal((await verify(token, "scope=read")).status, 403);
      assert.equal((await verify(own, "scope=deploy")).status, 403);
      // Every later process gets the same token, without an approval.
      assert.equal(printed(await at.run(["token", "--scope", "deploy"])), token);
      assert.equal(printed(await at.run(["token", "--challenge", challenge])), token);
      assert.equal(printed(await at.run(["token"])), own);
    });

    await t.step("an approval by another user is rejected", async () => {
      const { userCode, id } = requested(await at.run(["token", "--scope", "deploy read"]));
      await assert.rejects(server.approver(BOB).decide(userCode, "approve"), /another account/);
      requested(await at.run(["token", "--resume", id, "--no-wait"]));
      await server.alice.decide(userCode, "deny");
      const denied = await at.run(["token", "--resume", id]);
      assert.equal(denied.code, EXIT.failure, denied.stderr);
      assert.equal(denied.stdout, "");
      assert.equal((await at.run(["token", "--resume", id])).code, EXIT.failure);
    });

    await t.step("an expired code cannot be resumed, and another one is requested", async () => {
      const before = requested(await at.run(["token", "--scope", "deploy read"]));
      await clock.advance({ minutes: 16 });
      assert.equal((await at.run(["token", "--resume", before.id])).code, EXIT.failure);
      const after = requested(await at.run(["token", "--scope", "deploy read"]));
      assert.notEqual(after.userCode, before.userCode);
    });

    await t.step(
      "an old sign-in is repeated, and the token has the new one (RFC 9470)",
      async () => {
        const stale = printed(await at.run(["token", "--min-ttl", "14m"]));
        assert.equal((await verify(stale, "max_age=86400")).status, 200);
        const { status, challenge } = await verify(stale, "max_age=300");
        assert.equal(status, 401);
        const { userCode, id } = requested(await at.run(["token", "--challenge", challenge]));
        // In the browser of before, where Alice signed in minutes ago.
        await server.alice.decide(userCode, "approve");
        const fresh = printed(await at.run(["token", "--resume", id]));
        assert.equal((await verify(fresh, "max_age=300")).status, 200);
        assert.equal(printed(await at.run(["token", "--challenge", challenge])), fresh);
      },
    );

    await t.step("no secret is left after logout", async () => {
      requested(await at.run(["token", "--scope", "deploy", "--lifetime", "1m"]));
      assert.equal((await at.run(["logout"])).code, EXIT.ok);
      const left = (await Array.fromAsync(Deno.readDir(at.folder))).map(({ name }) => name);
      assert.deepEqual(left.filter((name) => name.includes("pending")), []);
      assert.deepEqual(await at.credentialFiles(), []);
    });
  },
});
