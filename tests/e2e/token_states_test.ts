/** Tokens in each of their states, and in races, validated by the compiled program. */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, type DatabaseName, install, POSTGRES } from "../support/installation.ts";
import { startServer } from "../support/server_process.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { approveManagement } from "../support/approver.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const KEYS_URL = `${brand.envPrefix}_SECRET_SCANNING_KEYS_URL`;
/** Until a revocation takes effect, in ms. We promise one second; a busy machine has ten. */
const PROMISE = 10_000;

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- what REST answers
  body: any;
}

/** REST at `issuer` with a token for managing tokens. */
function rest(issuer: string, approved: string) {
  return async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${issuer}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${approved}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
}

async function statusOf(issuer: string, token: string, query = ""): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${issuer}/auth/verify${query}`, {
    headers,
    signal: AbortSignal.timeout(20_000),
  });
  await response.body?.cancel();
  return response.status;
}

/** GitHub's list of keys, as a server on this machine. */
function startKeyServer(keys: { id: string; key: KeyObject; current: boolean }[]) {
  const list = keys.map(({ id, key, current }) => ({
    key_identifier: id,
    key: key.export({ type: "spki", format: "pem" }),
    is_current: current,
  }));
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ public_keys: list }, { headers: { etag: '"1"' } }),
  );
}

for (const database of ["embedded", POSTGRES] satisfies DatabaseName[]) {
  Deno.test(`accepts a token only while it is active (${database})`, async (t) => {
    const [current, retired, forged] = ["current", "retired", "current"].map((id) => ({
      id,
      ...generateKeyPairSync("ec", { namedCurve: "P-256" }),
    }));
    await using keys = startKeyServer([
      { id: current.id, key: current.publicKey, current: true },
      { id: retired.id, key: retired.publicKey, current: false },
    ]);
    await using home = await temporaryHome();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(
      config,
      `[scopes]\ndeploy = "Deploy"\n[scopes.operate]\ndescription = "Operate"\nroles = ["admin"]\n`,
    );
    await using server = await install({
      database,
      args: ["--config", config],
      env: { [KEYS_URL]: `http://127.0.0.1:${keys.addr.port}/` },
    });
    const { issuer } = server;
    const call = rest(issuer, await approveManagement(issuer, server.alice, ["deploy", "operate"]));
    const make = async (wish: Record<string, unknown> = {}) => {
      const created = await call("POST", "tokens", {
        name: crypto.randomUUID(),
        scopes: ["deploy"],
        ...wish,
      });
      assert.equal(created.status, 201, JSON.stringify(created.body));
      return created.body as { id: string; token: string; expires_at: string };
    };

    await t.step("revoked while it is in use", async () => {
      const { id, token } = await make();
      let revoked = false;
      let used = 0;
      const use = async () => {
        for (;;) {
          const after = revoked;
          const status = await statusOf(issuer, token);
          if (after) return status;
          used++;
        }
      };
      const users = Array.from({ length: 8 }, use);
      await eventually("it is in use", () => used > 50);
      assert.equal((await call("DELETE", `tokens/${id}`)).status, 204);
      revoked = true;
      assert.deepEqual(await Promise.all(users), Array(8).fill(401));
    });

    await t.step("expired, to the second", async () => {
      const { token, expires_at: end } = await make({ expires_in: 2 });
      for (;;) {
        const before = Date.now();
        const status = await statusOf(issuer, token);
        if (Date.now() < Date.parse(end)) assert.equal(status, 200);
        if (before < Date.parse(end)) continue;
        assert.equal(status, 401);
        break;
      }
    });

    await t.step("rotated twice at once", async () => {
      const { id, token } = await make();
      const rotations = await Promise.all(
        Array.from({ length: 8 }, () => call("POST", `tokens/${id}/rotate`, { overlap: 0 })),
      );
      const created = rotations.filter(({ status }) => status === 201);
      assert.equal(created.length, 1);
      assert.equal(rotations.filter(({ status }) => status === 409).length, 7);
      assert.equal(await statusOf(issuer, created[0].body.token), 200);
      assert.equal(await statusOf(issuer, token), 401);
    });

    await t.step("imported from an older deployment, by its hash", async () => {
      const older = `${brand.tokenPrefixes.personalAccessToken}${
        randomBytes(32).toString("base64url")
      }`;
      assert.equal(await statusOf(issuer, older), 401);
      const imported = await call("POST", "tokens/import", {
        token_hash: createHash("sha256").update(older).digest("hex"),
        name: "older",
        owner: ALICE.email,
        scopes: ["deploy"],
        expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      });
      assert.equal(imported.status, 201, JSON.stringify(imported.body));
      assert.equal(await statusOf(issuer, older, "?scope=deploy"), 200);
    });

    await t.step("with a hostile name", async () => {
      for (const name of ["x".repeat(10_000), "abc\u202Edef", "a\0b", "\u200b", "x\ud800"]) {
        const { status } = await call("POST", "tokens", { name, scopes: [] });
        assert.ok(status === 400 || status === 422, `${status}: ${JSON.stringify(name)}`);
      }
      const { id } = await make({ name: `<script>alert(1)</script>"'&` });
      assert.match(await server.alice.title(`/tokens/${id}`), /&lt;script&gt;/);
    });

    await t.step("reported by GitHub, and by an impostor", async () => {
      const { token } = await make();
      const leak = JSON.stringify([{ token, type: "pat", url: "https://x.example/\0😀" }]);
      const alert = async (key: { id: string; privateKey: KeyObject }, body: string) => {
        const signature = sign("sha256", new TextEncoder().encode(body), key.privateKey);
        const response = await fetch(`${issuer}/api/v1/secret-scanning/github`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "github-public-key-identifier": key.id,
            "github-public-key-signature": signature.toString("base64"),
          },
          body,
        });
        return { status: response.status, body: await response.json() };
      };
      assert.equal((await alert(forged, leak)).status, 401);
      assert.equal((await alert(retired, leak)).status, 401);
      assert.equal((await alert(current, `"${"x".repeat(10 * 1024 * 1024)}"`)).status, 413);
      assert.equal(await statusOf(issuer, token), 200);
      const told = await alert(current, leak);
      assert.deepEqual(told.body.map(({ label }: { label: string }) => label), ["true_positive"]);
      assert.equal(await statusOf(issuer, token), 401);
    });

    await t.step("of an owner who loses a scope", async () => {
      const { token } = await make({ scopes: ["deploy", "operate"] });
      assert.equal(await statusOf(issuer, token, "?scope=operate"), 200);
      const update = ["admin", "user", "update", ALICE.email, "--no-admin", "--force"];
      assert.equal((await server.operate(update)).code, 0);
      const lost = async () => await statusOf(issuer, token, "?scope=operate") === 403;
      await eventually("the scope is lost", lost, PROMISE);
      assert.equal(await statusOf(issuer, token, "?scope=deploy"), 200);
    });
  });
}

Deno.test("a replica without its notification channel does not answer from its cache", async () => {
  await using cleanUp = new AsyncDisposableStack();
  let proxy!: ReturnType<typeof startTcpProxy>;
  await using home = await temporaryHome();
  await using server = await install({
    database: POSTGRES,
    databaseVia(url) {
      const through = new URL(url);
      proxy ??= cleanUp.use(startTcpProxy(Number(through.port)));
      [through.hostname, through.port] = ["127.0.0.1", String(proxy.port)];
      return through.href;
    },
  });
  const approved = await approveManagement(server.issuer, server.alice, []);
  await using other = await startServer({
    databaseUrl: server.databaseUrl,
    dataDir: home.folder,
    args: ["--issuer", server.issuer],
    env: home.env,
  });
  const address = `http://127.0.0.1:${other.port}`;
  const call = rest(address, approved);
  const revokedAt = async (wish: string) => {
    const { body: { id, token } } = await call("POST", "tokens", { name: wish, scopes: [] });
    assert.equal(await statusOf(server.issuer, token), 200);
    return { token, revoke: () => call("DELETE", `tokens/${id}`) };
  };

  const heard = await revokedAt("heard");
  assert.equal((await heard.revoke()).status, 204);
  const ended = async () => await statusOf(server.issuer, heard.token) === 401;
  await eventually("the other replica knows", ended, PROMISE);

  const unheard = await revokedAt("unheard");
  proxy.mode = "refuse";
  proxy.cut();
  assert.equal((await unheard.revoke()).status, 204);
  const distrusts = async () => await statusOf(server.issuer, unheard.token) !== 200;
  await eventually("it does not trust its memory", distrusts, PROMISE);
  proxy.mode = "pass";
  const knows = async () => await statusOf(server.issuer, unheard.token) === 401;
  await eventually("it knows again", knows);
});
