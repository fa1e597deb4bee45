/** Settings: flags over environment over file, and every mistake told at once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig, type SettingFlags } from "../../../server/config/load.ts";
import type { ServerIo } from "../../../server/io.ts";
import { brand } from "../../../shared/brand.ts";

const PREFIX = brand.envPrefix;

function serverIo(env: Record<string, string> = {}): ServerIo {
  return {
    stdout: () => true,
    stderr: () => {},
    readStdin: () => Promise.resolve(""),
    confirm: () => Promise.resolve(undefined),
    env,
    signal: new AbortController().signal,
    clock: { now: () => 0 },
    platform: { os: "linux", homedir: "/home/alice" },
  };
}

async function load(flags: SettingFlags = {}, env: Record<string, string> = {}, file?: string) {
  if (file === undefined) return await loadConfig(flags, serverIo(env));
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "server.toml");
    await Deno.writeTextFile(path, file);
    return await loadConfig({ config: path, ...flags }, serverIo(env));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without settings the server is this machine's own", async () => {
  const { config, problems } = await load();
  assert.deepEqual(problems, []);
  assert.deepEqual(config.listen, { hostname: "127.0.0.1", port: 8787 });
  assert.equal(config.databaseUrl, undefined);
  assert.equal(config.dataDir, `/home/alice/.local/share/${brand.folderName}/server`);
  assert.equal(config.accessTokenLifetime, 900);
});

Deno.test("flags win over the environment, which wins over the file", async () => {
  const file = 'listen = "127.0.0.1:1"\naccess_token_lifetime = "5m"\nkey_rotation = "30d"';
  const env = {
    [`${PREFIX}_LISTEN`]: "127.0.0.1:2",
    [`${PREFIX}_ACCESS_TOKEN_LIFETIME`]: "10m",
    DATABASE_URL: "postgres://plain/db",
  };
  const { config, problems, effective } = await load({ listen: "127.0.0.1:3" }, env, file);
  assert.deepEqual(problems, []);
  assert.equal(config.listen.port, 3);
  assert.equal(config.accessTokenLifetime, 600);
  assert.equal(config.keyRotation, 30 * 86400);
  assert.equal(config.databaseUrl, "postgres://plain/db");
  const sources = Object.fromEntries(effective.map(({ name, source }) => [name, source]));
  assert.equal(sources.listen, "--listen");
  assert.equal(sources.access_token_lifetime, `${PREFIX}_ACCESS_TOKEN_LIFETIME`);
  assert.match(sources.key_rotation, /server\.toml$/);
  const own = await load({}, { ...env, [`${PREFIX}_DATABASE_URL`]: "postgres://own/db" });
  assert.equal(own.config.databaseUrl, "postgres://own/db");
});

Deno.test("the file describes scopes and may switch the device flow off", async () => {
  const file = 'device_flow = false\n[scopes]\ndeploy = "Deploy your services"';
  const { config, problems } = await load({}, {}, file);
  assert.deepEqual(problems, []);
  assert.equal(config.deviceFlow.enabled, false);
  assert.deepEqual(config.scopes.at(-1), { name: "deploy", description: "Deploy your services" });
});

Deno.test("a scope may be for some people, some programs, or no token", async () => {
  const file = "[scopes]\n" +
    'operate = { description = "Operate", roles = ["admin"], clients = ["console"], tokens = false }';
  const { config, problems } = await load({}, {}, file);
  assert.deepEqual(problems, []);
  assert.deepEqual(config.scopes.at(-1), {
    name: "operate",
    description: "Operate",
    roles: ["admin"],
    clients: ["console"],
    tokens: false,
  });
});

Deno.test("each mistake is named, all at once", async () => {
  const cases: [SettingFlags, Record<string, string>, string | undefined, RegExp][] = [
    [{ listen: "nowhere" }, {}, undefined, /listen: "nowhere" is no address/],
    [{ listen: "0.0.0.0:80", issuer: "https://a.example" }, {}, undefined, /without https/],
    [{ listen: "[::]:80", issuer: "https://a.example" }, {}, undefined, /without https/],
    [{ listen: "0.0.0.0:80", trustedProxies: "10.0.0.0/8" }, {}, undefined, /issuer: set it/],
    [{ issuer: "http://a.example" }, {}, undefined, /must be https/],
    [{ issuer: "https://a.example/path" }, {}, undefined, /without path/],
    [{ issuer: "nonsense" }, {}, undefined, /issuer: "nonsense" is no address/],
    [
      { databaseUrl: "postgres://a:b@h:1,i:2/d?target_session_attrs=standby" },
      {},
      undefined,
      /database_url: target_session_attrs/,
    ],
    [{ trustedProxies: "10.0.0.0/99" }, {}, undefined, /trusted_proxies: "10\.0\.0\.0\/99"/],
    [{ accessTokenLifetime: "soon" }, {}, undefined, /access_token_lifetime: "soon"/],
    [{ accessTokenLifetime: "1s" }, {}, undefined, /access_token_lifetime: "1s"/],
    [{ signingAlgorithm: "none" }, {}, undefined, /signing_algorithm: "none"/],
    [{ databaseUrl: "mysql://x" }, {}, undefined, /database_url/],
    [{ tlsCert: "a.pem" }, {}, undefined, /tls_cert and tls_key belong together/],
    [{}, { [`${PREFIX}_SECRET_KEY`]: "short" }, undefined, /secret_key: must have 32/],
    [{}, {}, "colour = 1", /unknown setting "colour"/],
    [{}, {}, "= broken", /config file/],
    [{ config: "/nonexistent.toml" }, {}, undefined, /does not exist/],
    [{}, {}, '[scopes]\n"a b" = "x"', /scope "a b"/],
    [{}, {}, '[scopes]\na = { description = "x", roles = ["king"] }', /scope "a" has roles/],
    [{}, {}, '[scopes]\na = { description = "x", color = "red" }', /scope "a" knows no "color"/],
    [{ patMaxLifetime: "30d" }, {}, undefined, /pat_default_lifetime: is longer/],
    [{ webhookUrl: "http://hooks.example" }, {}, undefined, /webhook_url: .* must be an https/],
    [{ secretScanningKeysUrl: "keys" }, {}, undefined, /secret_scanning_keys_url/],
  ];
  for (const [flags, env, file, problem] of cases) {
    const { problems } = await load(flags, env, file);
    assert.ok(problems.some((text) => problem.test(text)), `${problem} not in ${problems}`);
  }
  const many = await load({ listen: "x", issuer: "y", signingAlgorithm: "z" });
  assert.equal(many.problems.length, 3);
});

Deno.test("a public server behind a declared proxy or with a certificate is fine", async () => {
  const issuer = "https://auth.example.com";
  const proxied = { listen: "0.0.0.0:8787", issuer, trustedProxies: "10.0.0.0/8, ::1" };
  assert.deepEqual((await load(proxied)).problems, []);
  const forgotten = await load({ issuer });
  assert.deepEqual(forgotten.problems, []);
  assert.match(forgotten.warnings[0], /trusted_proxies/);
  assert.deepEqual((await load(proxied)).warnings, []);
  const tls = { listen: "0.0.0.0:443", issuer, tlsCert: "c.pem", tlsKey: "k.pem" };
  assert.deepEqual((await load(tls)).problems, []);
});

Deno.test("no mistake in an address repeats what may be a secret", async () => {
  const SECRET = "s3cr3t";
  const specials = ["#", "/", "?", "@", "%", "%zz"];
  const flags = specials.flatMap((special): SettingFlags[] => [
    { databaseUrl: `postgres://u:12${special}${SECRET}@h/d?sslmode=no` },
    { issuer: `https://u:12${special}${SECRET}@a.example/x` },
    { webhookUrl: `https://u:12${special}${SECRET}@a.example/x` },
    { webhookUrl: `http://a.example/12${special}${SECRET}` },
    { secretScanningKeysUrl: `https://u:12${special}${SECRET}@a.example/x` },
  ]);
  for (const flag of flags) {
    const { problems } = await load(flag);
    // A host "u" with a port, followed by a path or query: nobody can tell that it is a password.
    const isValid = JSON.stringify(flag).match(/Url":"https:\/\/u:12[/?]/);
    assert.ok(problems.length > 0 || isValid, JSON.stringify(flag));
    assert.ok(!problems.join().includes(SECRET), problems.join());
  }
  for (const special of specials.filter((each) => each !== "@")) {
    const { problems } = await load({}, {
      [`${PREFIX}_SMTP_URL`]: `smtp://u:12${special}${SECRET}@mail.example`,
      [`${PREFIX}_MAIL_FROM`]: "a@b.example",
    });
    assert.equal(problems.length, 1, special);
    assert.ok(!problems.join().includes(SECRET), problems.join());
  }
});
