/** `serve --check` reports what would prevent `serve` from starting, and changes nothing. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { settings } from "../../server/config/schema.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { assertNoSecrets, PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { createDatabase } from "../support/postgres.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const certificate = (file: string) =>
  fileURLToPath(new URL(`../support/certificate/${file}`, import.meta.url));

Deno.test("serve --check reports what prevents serve from starting, with the same exit code", async (t) => {
  await using home = await temporaryHome();
  await using database = await createDatabase();
  const file = async (name: string, text: string) => {
    const path = join(home.folder, name);
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o600);
    return path;
  };
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const otherKey = await file("other.pem", privateKey);
  const cert = certificate("cert.pem");
  const listen = `${brand.envPrefix}_LISTN`;
  const url = new URL(database.url);
  url.password = PASSWORD_MARK;
  const cases: [
    name: string,
    args: string[],
    env: Record<string, string>,
    code: number,
    ...message: RegExp[],
  ][] = [
    ["a misspelled variable", [], { [listen]: "x" }, EXIT.usage, /_LISTN.*_LISTEN\?/],
    [
      "a file that is not TOML",
      ["--config", await file("broken.toml", 'listen = "127.0.0.1:0"\n\nissuer = https://a\n')],
      {},
      EXIT.usage,
      /broken\.toml, line 3, column 10: /,
    ],
    [
      "a misspelled setting",
      ["--config", await file("typo.toml", '# settings\nlistn = "127.0.0.1:0"\n')],
      {},
      EXIT.usage,
      /typo\.toml, line 2: .*"listn".* listen\?/,
    ],
    [
      "a setting that is a table",
      ["--config", await file("table.toml", "[listen]\nport = 1\n")],
      {},
      EXIT.usage,
      /table\.toml, line 1: listen /,
    ],
    [
      "a certificate that is not there",
      ["--tls-cert", join(home.folder, "missing.pem"), "--tls-key", otherKey],
      {},
      EXIT.usage,
      /tls_cert: .*missing\.pem/,
    ],
    [
      "a key of another certificate",
      ["--tls-cert", cert, "--tls-key", otherKey],
      {},
      EXIT.usage,
      /tls_key: .*other\.pem.*cert\.pem/,
    ],
    [
      "a database that does not answer",
      ["--database-url", `postgres://u:${PASSWORD_MARK}@127.0.0.1:1/db`],
      {},
      EXIT.failure,
    ],
    [
      "an address of another machine",
      [
        "--listen",
        "192.0.2.1:0",
        "--issuer",
        "https://auth.example.com",
        "--trusted-proxies",
        "192.0.2.2",
      ],
      {},
      EXIT.failure,
    ],
    ["a database that refuses the password", ["--database-url", url.href], {}, EXIT.failure],
  ];
  const plain = await file("plain", "");
  for (const place of [plain, join(plain, "below", "deeper")]) {
    cases.push([
      "a file in place of the data folder",
      ["--data-dir", place],
      {},
      EXIT.usage,
      /data_dir: \S+plain /,
    ]);
  }
  for (const [name, args, env, code, ...messages] of cases) {
    await t.step(name, async () => {
      for (const check of [["--check"], []]) {
        const all = ["serve", ...check, "--data-dir", join(home.folder, "data"), ...args];
        const ended = await run(all, { env: { ...home.env, ...env } });
        assert.equal(ended.code, code, `${check}: ${ended.stderr}`);
        for (const message of messages) assert.match(ended.stderr, message);
        assert.doesNotMatch(ended.stdout, /configuration is valid/);
        assertNoSecrets(name, ended.stdout + ended.stderr);
      }
    });
  }
  await t.step("another secret_key than the stored secrets were encrypted with", async () => {
    const variable = `${brand.envPrefix}_SECRET_KEY`;
    const place = { dataDir: home.folder, databaseUrl: database.url };
    {
      await using _created = await startServer({ ...place, env: { [variable]: "k".repeat(32) } });
    }
    for (const [key, code] of [["k", EXIT.ok], ["x", EXIT.failure]] as const) {
      const ended = await run(["serve", "--check", "--database-url", database.url], {
        env: { ...home.env, [variable]: key.repeat(32) },
      });
      assert.equal(ended.code, code, ended.stderr);
    }
  });
});

Deno.test("serve --check lists every setting once, set or not", async () => {
  await using home = await temporaryHome();
  const ended = await run(["serve", "--check"], { env: home.env });
  assert.equal(ended.code, EXIT.ok, ended.stderr);
  const names = [...ended.stdout.matchAll(/^([a-z_]+) +\S.* \([^()]+\)$/gm)].map(([, name]) =>
    name
  );
  assert.deepEqual(names, settings.map(({ name }) => name));
});

Deno.test("serve --check creates and changes nothing, and succeeds while its server runs", async () => {
  await using home = await temporaryHome();
  await using database = await createDatabase();
  const dataDir = join(home.folder, "data");
  const before = [...Deno.readDirSync(home.folder)].length;
  const check = (...place: string[]) => run(["serve", "--check", ...place], { env: home.env });
  for (const place of [["--data-dir", dataDir], ["--database-url", database.url]]) {
    const ended = await check(...place);
    assert.equal(ended.code, EXIT.ok, ended.stderr);
    assert.match(ended.stdout, /^Database: .*the first start creates it$/m);
  }
  assert.equal([...Deno.readDirSync(home.folder)].length, before);
  const sql = postgres(database.url);
  const [{ count }] = await sql`select count(*)::int from pg_tables where schemaname = 'public'`;
  await sql.end();
  assert.equal(count, 0);

  await using server = await startServer({ dataDir });
  const beside = await check("--data-dir", dataDir, "--listen", `127.0.0.1:${server.port}`);
  assert.equal(beside.code, EXIT.ok, beside.stderr);
  assert.match(beside.stderr, /listen: .* in use/);
});
