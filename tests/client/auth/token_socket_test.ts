/** Invariant: exec's socket gives a token to this user only, and only for the token that exec gave out. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { token } from "../../../client/commands/print_token.ts";
import { runCommand } from "../../../client/run.ts";
import {
  askTokenSocket,
  openTokenSocket,
  TOKEN_SOCKET_VARIABLE,
} from "../../../client/auth/token_socket.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { jwt } from "../../support/client_home.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const ignore = Deno.build.os === "windows";
const fresh = { token: "fresh", expiresAt: undefined, scope: undefined };

async function socketFor(own: string) {
  const home = await temporaryHome();
  const io = memoryIo({ env: { TMPDIR: home.folder } });
  const asked: number[] = [];
  const socket = await openTokenSocket(own, (minTtlMs) => {
    asked.push(minTtlMs);
    return Promise.resolve(fresh);
  }, io);
  assert.ok(socket, io.err);
  return {
    io,
    asked,
    path: socket.path,
    async [Symbol.asyncDispose]() {
      await socket.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

Deno.test({
  name: "answers only a request with the token that exec passed on",
  ignore,
  async fn() {
    await using open = await socketFor("own");
    const { path, io, asked } = open;
    assert.equal((await askTokenSocket(path, "own", 60_000, io))?.token, "fresh");
    assert.deepEqual(asked, [60_000]);
    for (const other of ["", "give", "own ", "another"]) {
      assert.equal(await askTokenSocket(path, other, 60_000, io), undefined, other);
    }
    // JSON has neither: they arrive as null.
    for (const odd of [NaN, Infinity]) {
      assert.equal(await askTokenSocket(path, "own", odd, io), undefined);
    }
    assert.deepEqual(asked, [60_000]);
  },
});

Deno.test({
  name: "denies other users access to the socket and its folder",
  ignore,
  async fn() {
    await using open = await socketFor("own");
    for (const path of [open.path, dirname(open.path)]) {
      const { mode, uid } = await Deno.stat(path);
      assert.equal(mode! & 0o077, 0, path);
      assert.equal(uid, Deno.uid());
    }
  },
});

Deno.test({
  name: "sends no token to the socket of another user",
  // Only root can give a socket away.
  ignore: ignore || Deno.uid() !== 0,
  async fn() {
    await using home = await temporaryHome();
    const path = join(home.folder, "socket");
    let connections = 0;
    const listener = Deno.listen({ transport: "unix", path });
    const listening = (async () => {
      for await (const connection of listener) {
        connections++;
        connection.close();
      }
    })();
    const io = memoryIo();
    const exp = Math.floor(io.clock.now() / 1000) + 10;
    const run = () => runCommand(io, (io) => token({ minTtl: "60s" }, io));
    io.env = {
      [`${brand.envPrefix}_TOKEN`]: jwt({ iss: "https://auth.example.com", iat: exp - 900, exp }),
      [TOKEN_SOCKET_VARIABLE]: path,
    };
    await Deno.chown(path, 65534, 65534);
    assert.equal(await run(), EXIT.ok);
    assert.equal(connections, 0);
    await Deno.chown(path, 0, 0);
    assert.equal(await run(), EXIT.ok);
    assert.equal(connections, 1);
    listener.close();
    await listening;
  },
});
