/** Signing keys outside of the database, with real programs: openssl, and an HSM in software by PKCS#11. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { importKey, removeKey } from "../../../server/admin/key_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { checkSignature, SigningUnavailable } from "../../../server/tokens/external_signer.ts";
import { KeyError } from "../../../server/tokens/import_key.ts";
import { commandSigner } from "../../../server/tokens/signing_command.ts";
import { signingKeyState } from "../../../server/tokens/signing_keys.ts";
import { eventually } from "../../support/eventually.ts";
import { databaseKinds } from "../../support/databases.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const ignore = Deno.build.os === "windows";
const input = new TextEncoder().encode("header.claims");

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writeProgram(path: string, body: string): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`);
  await Deno.chmod(path, 0o700);
  return path;
}

/** A program that signs with the key file by openssl. */
async function opensslProgram(folder: string, key: string): Promise<string> {
  return await writeProgram(
    join(folder, "sign"),
    `case "$1" in
  public) exec openssl pkey -in ${key} -pubout ;;
  sign) exec openssl dgst -sha256 -sign ${key} ;;
esac`,
  );
}

async function writeKey(path: string, type: "ec" | "rsa" = "ec"): Promise<string> {
  const { privateKey } = type === "ec"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await Deno.writeTextFile(path, pem, { mode: 0o600 });
  return path;
}

const env = Deno.env.toObject();
const signerOf = (command: string[], more = {}) => commandSigner({ command, env, ...more });

Deno.test({
  name: "signs with a program, whose ECDSA signatures may be DER",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      for (
        const [type, algorithm, length] of [["ec", "ES256", 64], ["rsa", "RS256", 256]] as const
      ) {
        const key = await writeKey(join(folder, `${type}.pem`), type);
        const signer = await signerOf([await opensslProgram(folder, key)]);
        assert.equal(signer.algorithm, algorithm);
        // DER is as long as its numbers need.
        for (let repetition = 0; repetition < 10; repetition++) {
          const signature = await signer.sign(input);
          assert.equal(signature.length, length);
          assert.deepEqual(checkSignature(signer, input, signature), signature);
        }
        await signer.ready();
      }
    }),
});

Deno.test({
  name: "signs with a key of a PKCS#11 token that never leaves it",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(join(folder, "tokens"));
      const conf = join(folder, "softhsm2.conf");
      await Deno.writeTextFile(conf, `directories.tokendir = ${folder}/tokens\n`);
      const hsm = { ...env, SOFTHSM2_CONF: conf, PIN: "1234" };
      const run = async (program: string, ...args: string[]) => {
        const { success, stderr } = await new Deno.Command(program, { args, env: hsm }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
      };
      const token = ["--free", "--label", "yourapp", "--so-pin", "12345678", "--pin", "1234"];
      await run("softhsm2-util", "--init-token", ...token);
      const tool = "--module /usr/lib/softhsm/libsofthsm2.so --token-label yourapp --label signing";
      const login = "--login --pin env:PIN";
      const generate = `${tool} ${login} --keypairgen --key-type EC:prime256v1`;
      await run("pkcs11-tool", ...generate.split(" "));
      // As docs/keys.md has it.
      const program = await writeProgram(
        join(folder, "sign"),
        `case "$1" in
  public) pkcs11-tool ${tool} --read-object --type pubkey | openssl pkey -pubin -inform DER ;;
  sign) openssl dgst -sha256 -binary | pkcs11-tool ${tool} ${login} --sign --mechanism ECDSA ;;
esac`,
      );
      const signer = await commandSigner({ command: [program], env: hsm });
      assert.equal((await signer.sign(input)).length, 64);
      const wrongPin = await commandSigner({ command: [program], env: { ...hsm, PIN: "4321" } });
      await assert.rejects(wrongPin.sign(input), SigningUnavailable);
    }),
});

Deno.test({
  name: "reports a program that fails, hangs, writes too much or signs with another key",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const key = await writeKey(join(folder, "key.pem"));
      const other = await writeKey(join(folder, "other.pem"));
      const sign: Record<string, string> = {
        fails: "echo 'no token' >&2; exit 3",
        // The shell's child keeps the pipes open.
        hangs: "sleep 600; true",
        "writes nothing": "true",
        "writes text": "echo hello",
        "writes too much": "head -c 100000 /dev/zero",
        "signs with another key": `openssl dgst -sha256 -sign ${other}`,
      };
      for (const [name, body] of Object.entries(sign)) {
        const program = await writeProgram(
          join(folder, "sign"),
          `[ "$1" = public ] && exec openssl pkey -in ${key} -pubout\n${body}`,
        );
        const signer = await signerOf([program], { timeoutMs: name === "hangs" ? 500 : 20_000 });
        const reasons: string[] = [];
        signer.onFailure = (reason) => reasons.push(reason);
        await assert.rejects(signer.sign(input), SigningUnavailable, name);
        assert.equal(reasons.length, 1, name);
        // Not another program for each request.
        await assert.rejects(signer.ready(), SigningUnavailable, name);
      }
      await assert.rejects(signerOf([join(folder, "missing")]), SigningUnavailable);
      const noKey = await writeProgram(join(folder, "nokey"), "echo no key");
      await assert.rejects(signerOf([noKey]), KeyError);
    }),
});

Deno.test({
  name: "a program that hangs leaves no child behind",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const key = await writeKey(join(folder, "key.pem"));
      const pidFile = join(folder, "pid");
      const program = await writeProgram(
        join(folder, "sign"),
        `[ "$1" = public ] && exec openssl pkey -in ${key} -pubout
sleep 600 &
echo $! > ${pidFile}
wait`,
      );
      const signer = await signerOf([program], { timeoutMs: 2000 });
      await assert.rejects(signer.sign(input), SigningUnavailable);
      const pid = (await Deno.readTextFile(pidFile)).trim();
      await eventually(`the end of ${pid}`, async () => {
        const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "State:\tZ");
        return status.includes("State:\tZ");
      });
    }),
});

async function states({ parts: { keys }, clock }: TestServer): Promise<string[]> {
  const listed = await keys.list();
  return listed.map((key) => {
    const state = signingKeyState(key, listed, new Date(clock.now()));
    return `${state} ${key.source ?? "database"}`;
  }).sort();
}

const kind = databaseKinds.find(({ name }) => name === "PostgreSQL 18") ?? databaseKinds[0];

Deno.test({
  name: "keeps keys of files out of the database, and replaces them without a gap",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using database = await kind.create();
      const [first, second] = [
        await writeKey(join(folder, "first.pem")),
        await writeKey(join(folder, "second.pem")),
      ];
      const start = (files: string[], clock?: TestServer["clock"]) =>
        testServer(database.location, (config) => {
          config.signingKeyFile = files;
        }, clock);
      const { clock, kid } = await (async () => {
        await using server = await start([first]);
        assert.deepEqual(await states(server), ["active file"]);
        const [{ private_key }] = await server.parts.sql`select private_key from signing_keys`;
        assert.equal(private_key.length, 0);
        const user = await server.addUser();
        assert.ok((await server.login(user.id)).id_token);
        return { clock: server.clock, kid: (await server.parts.keys.active()).kid };
      })();
      clock.advance({ seconds: 1 });
      await using both = await start([second, first], clock);
      assert.deepEqual(await states(both), ["active file", "scheduled file"]);
      assert.equal((await both.parts.keys.active()).kid, kid);
      // A replica without the files leaves the keys as they are, and cannot sign.
      await using without = await testServer(database.location, undefined, clock);
      await without.parts.keys.maintain();
      assert.deepEqual(await states(without), ["active file", "scheduled file"]);
      await assert.rejects(without.parts.keys.active());
      clock.advance({ minutes: 11 });
      await both.parts.keys.maintain();
      assert.deepEqual(await states(both), ["active file", "retiring file"]);
      const replaced = await both.parts.keys.active();
      assert.notEqual(replaced.kid, kid);
      // A removed key is not added again by its file.
      assert.ok(!(await removeKey(both.parts, { kid: replaced.kid }) instanceof DomainError));
      await both.parts.keys.maintain();
      const after = (await both.parts.keys.list()).map((key) => key.kid);
      assert.ok(!after.includes(replaced.kid));
      const user = await both.addUser();
      assert.ok((await both.login(user.id)).id_token);
    }),
});

Deno.test({
  name: "answers 503 without using up a code while the program fails, and recovers",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using database = await kind.create();
      const key = await writeKey(join(folder, "key.pem"));
      const program = await opensslProgram(folder, key);
      await using server = await testServer(database.location, (config) => {
        config.signingKeyCommand = [program];
      });
      assert.deepEqual(await states(server), ["active command"]);
      const user = await server.addUser();
      const { refresh_token } = await server.login(user.id) as { refresh_token: string };
      const started = await server.startLogin();
      assert.ok(await server.decide(started.user_code, user.id));
      await writeProgram(program, "exit 1");
      // The last success counts for a while, so the first request may get as far as the signature.
      const failed = await server.refresh(refresh_token);
      assert.deepEqual([failed.status, failed.body.error], [503, "temporarily_unavailable"]);
      assert.ok(Number(failed.headers.get("retry-after")) > 0);
      const polled = await server.poll(started.device_code);
      assert.equal(polled.body.error, "slow_down", "keep polling");
      await opensslProgram(folder, key);
      // It is not tried again for a second.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.equal((await server.refresh(refresh_token)).status, 200);
      server.clock.advance({ seconds: 30 });
      assert.equal((await server.poll(started.device_code)).status, 200);
    }),
});

Deno.test({
  name: "a key of a file that the settings return to signs again and does not expire",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using database = await kind.create();
      const first = await writeKey(join(folder, "first.pem"));
      const second = await writeKey(join(folder, "second.pem"));
      const start = (files: string[], clock?: TestServer["clock"]) =>
        testServer(database.location, (config) => {
          config.signingKeyFile = files;
        }, clock);
      const clock = await (async () => {
        await using server = await start([first]);
        return server.clock;
      })();
      {
        await using server = await start([second, first], clock);
        clock.advance({ minutes: 11 });
        await server.parts.keys.maintain();
        assert.deepEqual(await states(server), ["active file", "retiring file"]);
      }
      clock.advance({ minutes: 1 });
      await using back = await start([first], clock);
      assert.deepEqual(await states(back), ["active file", "retiring file"]);
      const { kid } = await back.parts.keys.active();
      clock.advance({ days: 1 });
      await back.parts.keys.maintain();
      assert.deepEqual((await back.parts.keys.list()).map((key) => key.kid), [kid]);
      // The other one has left the key set, but its row may still be there.
      await using again = await start([second], clock);
      assert.deepEqual(await states(again), ["active file", "retiring file"]);
      assert.notEqual((await again.parts.keys.active()).kid, kid);
    }),
});

Deno.test({
  name: "rejects a kid of another key, and a removed key under another kid",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using database = await kind.create();
      const jwk = (kid: string) => {
        const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
        return { ...privateKey.export({ format: "jwk" }), kid };
      };
      const file = join(folder, "key.json");
      const leaked = jwk("prod");
      const start = async (key: object) => {
        await Deno.writeTextFile(file, JSON.stringify(key), { mode: 0o600 });
        return await testServer(database.location, (config) => {
          config.signingKeyFile = [file];
        });
      };
      {
        await using server = await start(leaked);
        assert.equal((await server.parts.keys.active()).kid, "prod");
      }
      await assert.rejects(start(jwk("prod")), KeyError);
      {
        await using server = await start(leaked);
        await removeKey(server.parts, { kid: "prod" });
      }
      await using server = await start({ ...leaked, kid: "renamed" });
      assert.deepEqual(await states(server), ["active database", "next database"]);
      const imported = await importKey(server.parts, {
        key: JSON.stringify({ ...leaked, kid: "again" }),
      });
      assert.ok(imported instanceof DomainError && imported.code === "conflict");
    }),
});

Deno.test({
  name: "a program whose key was removed may fail",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using database = await kind.create();
      const program = await opensslProgram(folder, await writeKey(join(folder, "key.pem")));
      await using server = await testServer(database.location, (config) => {
        config.signingKeyCommand = [program];
      });
      const user = await server.addUser();
      const { refresh_token } = await server.login(user.id) as { refresh_token: string };
      await writeProgram(program, "exit 1");
      assert.equal((await server.refresh(refresh_token)).status, 503);
      const { kid } = await server.parts.keys.active();
      await removeKey(server.parts, { kid });
      assert.equal((await server.refresh(refresh_token)).status, 200);
    }),
});
