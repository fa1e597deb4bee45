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

const CONFIG = `
[scopes]
deploy = "Deploy"
read = "Read"

[resources.orders]
identifier = "https://orders.example.com/v1"
scopes = { "orders:read" = "Read orders" }
`;

Deno.test({
  name: "a program without a terminal gets a token once a person has approved it",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using clean = new AsyncDisposableStack();
    const clock = clean.use(await processClock());
    const config = await Deno.makeTempFile({ suffix: ".toml" });
    clean.defer(() => Deno.remove(config));
    await Deno.writeTextFile(config, CONFIG);
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

    await t.step(
      "a token for another resource is approved, and no other API accepts it",
      async () => {
        const own = printed(await at.run(["token"]));
        const query = "resource=orders&scope=orders:read";
        const { status, challenge } = await verify(own, query);
        assert.equal(status, 401);
        assert.match(challenge, /resource_metadata="/);
        assert.match(challenge, /invalid_token/);
        const needed = ["token", "--for", "orders", "--scope", "orders:read"];
        const { userCode, id, resource } = requested(await at.run(needed));
        assert.equal(resource, "https://orders.example.com/v1");
        await server.alice.decide(userCode, "approve");
        const token = printed(await at.run(["token", "--resume", id]));
        assert.equal((await verify(token, query)).status, 200);
        assert.equal((await verify(token, "")).status, 401);
        assert.equal(printed(await at.run(needed)), token);
        // The API of a request without a token names both in its challenge.
        const asked = await fetch(`${server.issuer}/auth/verify?${query}`);
        await asked.body?.cancel();
        const value = asked.headers.get("www-authenticate")!;
        const byChallenge = printed(await at.run(["token", "--challenge", value, "--json"]));
        assert.equal(parseOutput("token", byChallenge).resource, "https://orders.example.com/v1");
        const foreign = value.replace("resources/orders", "resources/evil");
        assert.equal((await at.run(["token", "--challenge", foreign])).code, EXIT.failure);
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
