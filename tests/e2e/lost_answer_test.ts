/**
 * An interrupted renewal never loses a login, wherever it is interrupted: on the wire, in a server
 * that is killed between commit and response, in a client that is killed before or after it has
 * the new tokens.
 */
import assert from "node:assert/strict";
import postgres from "postgres";
import { openDatabase } from "../../server/store/db/connect.ts";
import { findRefreshTokenFamily } from "../../server/store/refresh_token_families.ts";
import { refreshTokenHashes } from "../../server/tokens/refresh_token.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Ended, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { type HttpRelay, startHttpRelay } from "../support/http_relay.ts";
import { ALICE, install, type Installation, POSTGRES } from "../support/installation.ts";
import { attachStrace } from "../support/strace.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { type Terminal, terminal } from "../support/terminal.ts";

const TOKEN_REQUEST = "POST /oauth/token";
const linuxOnly = { ignore: Deno.build.os !== "linux" };

/** A server behind a relay, and Alice's terminal with a login whose access token is dead. */
async function lapsedLogin(
  cleanUp: AsyncDisposableStack,
  options?: Parameters<typeof install>[0],
): Promise<{ relay: HttpRelay; server: Installation; alice: Terminal }> {
  let port = 0;
  const relay = cleanUp.use(await startHttpRelay(() => port));
  const server = cleanUp.use(await install({ ...options, args: ["--issuer", relay.origin] }));
  port = server.server.port;
  const alice = cleanUp.use(await terminal());
  assert.equal((await alice.login(server, server.alice)).code, 0);
  await alice.expireAccessTokens();
  return { relay, server, alice };
}

async function credentials(alice: Terminal): Promise<Record<string, string>> {
  const [file] = await alice.credentialFiles();
  return JSON.parse(await Deno.readTextFile(file));
}

function assertTemporary({ code, stdout, stderr }: Ended): void {
  assert.equal(code, EXIT.temporaryFailure, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /Cannot reach .* try again/);
}

/** The login goes on, for this renewal and the one after it. */
async function assertLoginLives(alice: Terminal): Promise<void> {
  for (let renewal = 0; renewal < 2; renewal++) {
    const before = await credentials(alice);
    const token = await alice.run(["token"]);
    assert.equal(token.code, 0, token.stderr);
    const after = await credentials(alice);
    assert.notEqual(after.refreshToken, before.refreshToken);
    const whoami = await alice.run(["whoami"]);
    assert.equal(whoami.code, 0, whoami.stderr);
    assert.match(whoami.stdout, new RegExp(ALICE.email));
    await alice.expireAccessTokens();
  }
}

Deno.test("an interrupted renewal on the embedded database loses no login", async (t) => {
  await using cleanUp = new AsyncDisposableStack();
  const { relay, server, alice } = await lapsedLogin(cleanUp);

  await t.step("responses lost on the wire, one after the other", async () => {
    const before = await credentials(alice);
    let lost = 0;
    relay.rule = async (name, passOn) => {
      if (name !== TOKEN_REQUEST) return "pass";
      await passOn();
      lost++;
      return "lose";
    };
    for (let attempt = 1; attempt <= 3; attempt++) {
      assertTemporary(await alice.run(["token"]));
      // More than one where the runtime itself asks again: it does on a connection used before.
      assert.ok(lost >= attempt);
      assert.deepEqual(await credentials(alice), before);
    }
    relay.rule = undefined;
    await assertLoginLives(alice);
  });

  await t.step("a client killed while it waits for the new tokens", async () => {
    const before = await credentials(alice);
    const rotated = Promise.withResolvers<void>();
    const killed = Promise.withResolvers<void>();
    relay.rule = async (name, passOn) => {
      if (name !== TOKEN_REQUEST) return "pass";
      await passOn();
      rotated.resolve();
      await killed.promise;
      return "lose";
    };
    await using client = start(["token"], { env: alice.home.env, stdin: "", timeoutMs: 60_000 });
    await rotated.promise;
    client.kill("SIGKILL");
    await client.ended;
    killed.resolve();
    relay.rule = undefined;
    assert.deepEqual(await credentials(alice), before);
    await assertLoginLives(alice);
  });

  await t.step({
    name: "a client killed while it stores the new tokens",
    ...linuxOnly,
    async fn() {
      const before = await credentials(alice);
      await using client = start(["token"], { env: alice.home.env, stdin: "", timeoutMs: 60_000 });
      relay.rule = async (name, passOn) => {
        if (name !== TOKEN_REQUEST) return "pass";
        await passOn();
        const renaming = "rename,renameat,renameat2";
        cleanUp.use(await attachStrace(client.pid, renaming, { killAt: renaming }));
        return "pass";
      };
      assert.equal((await client.ended).signal, "SIGKILL");
      relay.rule = undefined;
      assert.deepEqual(await credentials(alice), before);
      await assertLoginLives(alice);
    },
  });

  await t.step({
    name: "a server killed between commit and response",
    ...linuxOnly,
    async fn() {
      const before = await credentials(alice);
      let asked = 0;
      relay.rule = async (name, passOn) => {
        if (name !== TOKEN_REQUEST) return "pass";
        if (++asked > 1) return "lose";
        // It dies on its way into the call that would send the answer.
        const sending = "sendto,sendmsg,writev";
        await using _ = await attachStrace(server.server.running.pid, sending, { killAt: sending });
        await assert.rejects(passOn());
        return "lose";
      };
      assertTemporary(await alice.run(["token"]));
      assert.equal((await server.server.running.ended).signal, "SIGKILL");

      // The rotation is on the disk it left: presented now, the old token is the one before.
      const database = await openDatabase({ dataDir: server.dataDir });
      try {
        const hashes = refreshTokenHashes(before.refreshToken)!;
        assert.equal((await findRefreshTokenFamily(database.sql, hashes))?.token, "previous");
      } finally {
        await database.close();
      }
      assert.deepEqual(await credentials(alice), before);
      relay.rule = undefined;
      await server.restart();
      await assertLoginLives(alice);
    },
  });
});

Deno.test("a server killed between commit and response on PostgreSQL loses no login", async () => {
  await using cleanUp = new AsyncDisposableStack();
  // Between server and database: withholds that the rotation is done.
  let wire: TcpProxy | undefined;
  const { server, alice } = await lapsedLogin(cleanUp, {
    database: POSTGRES,
    databaseVia(databaseUrl) {
      const url = new URL(databaseUrl);
      wire ??= cleanUp.use(startTcpProxy(Number(url.port)));
      url.port = String(wire.port);
      return url.href;
    },
  });
  const sql = postgres(server.databaseUrl!, { max: 1 });
  cleanUp.defer(() => sql.end());
  const before = await credentials(alice);
  wire!.holdAnswersAfter = /update refresh_token_families/;

  await using waiting = start(["token"], { env: alice.home.env, stdin: "", timeoutMs: 60_000 });
  await eventually("the rotation is committed", async () => {
    const [{ rotated }] = await sql`
      select previous_hash is not null as rotated from refresh_token_families`;
    return rotated;
  });
  await server.kill();
  assertTemporary(await waiting.ended);

  assert.deepEqual(await credentials(alice), before);
  wire!.holdAnswersAfter = undefined;
  await server.restart();
  await assertLoginLives(alice);
});
