import assert from "node:assert/strict";
import { join } from "node:path";
import { scopeCatalog } from "../../../server/config/builtin_scopes.ts";
import type { SettingFlags } from "../../../server/config/gather.ts";
import { loadAdminConfig, loadConfig } from "../../../server/config/load.ts";
import type { ServerIo } from "../../../server/io.ts";
import type { ConfigProblemCode } from "../../../server/config/problem.ts";
import { brand } from "../../../shared/brand.ts";
import { assertGolden } from "../../support/golden.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";

const PREFIX = brand.envPrefix;

function serverIo(env: Record<string, string> = {}, configFile?: string): ServerIo {
  return {
    stdout: () => true,
    stderr: () => {},
    readStdin: () => Promise.resolve(""),
    ...NO_TERMINAL,
    env,
    signal: new AbortController().signal,
    clock: { now: () => 0 },
    platform: { os: "linux", homedir: "/home/alice", configFile },
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

Deno.test("without settings, the server is for this machine only", async () => {
  const { config, problems } = await load();
  assert.deepEqual(problems, []);
  assert.deepEqual(config.listen, { hostname: "127.0.0.1", port: 8787 });
  assert.equal(config.databaseUrl, undefined);
  assert.equal(config.dataDir, `/home/alice/.local/share/${brand.folderName}/server`);
  assert.equal(config.accessTokenLifetime, 900);
});

Deno.test("flags override the environment, which overrides the file", async () => {
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
  assert.match(sources.key_rotation, /server\.toml, line 3$/);
  const own = await load({}, { ...env, [`${PREFIX}_DATABASE_URL`]: "postgres://own/db" });
  assert.equal(own.config.databaseUrl, "postgres://own/db");
});

Deno.test("an operator's command acts on the folder that it names, whatever database_url is", async () => {
  const env = {
    [`${PREFIX}_DATABASE_URL_FILE`]: "/nonexistent",
    [`${PREFIX}_DATABASE_LISTEN_URL`]: "postgres://listen/db",
  };
  const folder = await loadAdminConfig({ dataDir: "/restored" }, serverIo(env));
  assert.deepEqual(folder.problems, []);
  assert.equal(folder.config.dataDir, "/restored");
  assert.equal(folder.config.databaseUrl, undefined);
  assert.equal(folder.config.databaseListenUrl, undefined);
  const url = { [`${PREFIX}_DATABASE_URL`]: "postgres://own/db" };
  const flags = { dataDir: "/restored", databaseUrl: "postgres://flag/db" };
  assert.equal((await loadAdminConfig(flags, serverIo(url))).config.databaseUrl, flags.databaseUrl);
  // A server keeps its database, though its unit names a folder.
  const server = await loadConfig({ dataDir: "/restored" }, serverIo(url));
  assert.equal(server.config.databaseUrl, "postgres://own/db");
});

Deno.test("the file describes scopes and can disable the device flow", async () => {
  const file = 'device_flow = false\n[scopes]\ndeploy = "Deploy your services"';
  const { config, problems } = await load({}, {}, file);
  assert.deepEqual(problems, []);
  assert.equal(config.deviceFlow.enabled, false);
  assert.deepEqual(config.scopes.at(-1), { name: "deploy", description: "Deploy your services" });
});

Deno.test("a scope can be limited to roles, to clients, to logins, and in the device flow", async () => {
  const file = "[scopes]\n" +
    'operate = { description = "Operate", roles = ["admin"], clients = ["console"], tokens = false }\n' +
    '[scopes.deploy]\ndescription = "Deploy"\ndevice_flow = "off"\n' +
    '[scopes.bill]\ndescription = "Bill"\ndevice_flow = ["same-network", "fresh-sign-in"]\n';
  const { config, problems } = await load({}, {}, file);
  assert.deepEqual(problems, []);
  const rules = config.scopes.slice(-2).map(({ name, deviceFlow }) => [name, deviceFlow]);
  assert.deepEqual(rules, [["deploy", ["off"]], ["bill", ["same-network", "fresh-sign-in"]]]);
  assert.deepEqual(config.scopes.at(-3), {
    name: "operate",
    description: "Operate",
    roles: ["admin"],
    clients: ["console"],
    tokens: false,
  });
});

Deno.test("reads the file of the flag, else of the variable, else of the platform if it exists", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const write = async (name: string, port: number) => {
      const path = join(folder, name);
      await Deno.writeTextFile(path, `\uFEFFlisten = "127.0.0.1:${port}"\n`);
      return path;
    };
    const flag = await write("flag.toml", 1);
    const variable = { [`${PREFIX}_CONFIG`]: await write("variable.toml", 2) };
    const platform = await write("platform.toml", 3);
    const missing = join(folder, "missing.toml");
    const loaded = async (flags: SettingFlags, env: Record<string, string>, place?: string) => {
      const { config, configFile, problems } = await loadConfig(flags, serverIo(env, place));
      assert.deepEqual(problems, []);
      return [config.listen.port, configFile.description.replace(`${folder}/`, "")];
    };
    assert.deepEqual(await loaded({ config: flag }, variable, platform), [1, "flag.toml"]);
    assert.deepEqual(await loaded({}, variable, platform), [2, "variable.toml"]);
    assert.deepEqual(await loaded({}, {}, platform), [3, "platform.toml"]);
    // An empty variable counts as not set.
    assert.deepEqual(await loaded({}, { [`${PREFIX}_CONFIG`]: "" }, platform), [
      3,
      "platform.toml",
    ]);
    assert.deepEqual(await loaded({}, {}, missing), [8787, "none (missing.toml does not exist)"]);
    assert.deepEqual(await loaded({}, {}), [8787, "none"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("rejects an unreadable file of the platform unless a setting selects the database", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const link = join(folder, "link.toml");
    await Deno.symlink(join(folder, "missing.toml"), link);
    for (const place of [link, folder]) {
      const { problems, configFile } = await loadConfig({}, serverIo({}, place));
      assert.deepEqual(problems.map(({ code, subject }) => [code, subject]), [
        ["unreadable_file", `config file ${place}`],
      ]);
      assert.equal(configFile.path, undefined);
      const chosen: [SettingFlags, Record<string, string>][] = [
        [{ dataDir: "/data" }, {}],
        [{}, { DATABASE_URL: "postgres://h/d" }],
      ];
      for (const [flags, env] of chosen) {
        const { problems, warnings } = await loadConfig(flags, serverIo(env, place));
        assert.deepEqual(problems, []);
        assert.deepEqual(warnings.map(({ code }) => code), ["unreadable_file"]);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("names the flag, the variable or the line of an invalid value", async () => {
  const file = '# Lifetimes\nkey_rotation = "never"\n[scopes]\nread = "Read"\n"a b" = "x"\n' +
    '[scopes.write]\ndescription = "Write"\nroles = ["king"]\n';
  const { problems } = await load({ listen: "x" }, { [`${PREFIX}_ISSUER`]: "y" }, file);
  assert.deepEqual(
    problems.map(({ subject, source }) => [subject, source].join(" ").replace(/\S+\//g, "")),
    [
      "config file server.toml, line 5 ",
      "config file server.toml, line 6 ",
      "listen --listen",
      `issuer ${PREFIX}_ISSUER`,
      "key_rotation server.toml, line 2",
    ],
  );
});

interface InvalidCase {
  flags?: SettingFlags;
  env?: Record<string, string>;
  file?: string;
  /** Of each problem, in order. */
  problems: [code: ConfigProblemCode, subject: string][];
}

const ISSUER = "https://auth.example.com";
const CONFIG_FILE = "config file";

function auditStream(targets: string, code: ConfigProblemCode): InvalidCase {
  const env = { [`${PREFIX}_AUDIT_STREAM_SECRET`]: "a secret that signs the stream" };
  return { flags: { auditStream: targets }, env, problems: [[code, "audit_stream"]] };
}

const INVALID: InvalidCase[] = [
  { flags: { listen: "nowhere" }, problems: [["invalid_value", "listen"]] },
  {
    flags: { listen: "0.0.0.0:80", issuer: ISSUER },
    problems: [["exposed_without_https", "listen"]],
  },
  { flags: { listen: "[::]:80", issuer: ISSUER }, problems: [["exposed_without_https", "listen"]] },
  {
    flags: { listen: "0.0.0.0:80", trustedProxies: "10.0.0.0/8" },
    problems: [["missing", "issuer"]],
  },
  {
    flags: { listen: "0.0.0.0:80", trustedProxies: "10.0.0.0/8", issuer: "nonsense" },
    problems: [["invalid_value", "issuer"]],
  },
  { flags: { issuer: "http://a.example" }, problems: [["insecure_url", "issuer"]] },
  { flags: { issuer: "https://a.example/path" }, problems: [["invalid_value", "issuer"]] },
  { flags: { issuer: "nonsense" }, problems: [["invalid_value", "issuer"]] },
  {
    flags: { databaseUrl: "postgres://a:b@h:1,i:2/d?target_session_attrs=standby" },
    problems: [["invalid_value", "database_url"]],
  },
  { flags: { databaseUrl: "mysql://x" }, problems: [["invalid_value", "database_url"]] },
  { flags: { trustedProxies: "10.0.0.0/99" }, problems: [["invalid_value", "trusted_proxies"]] },
  {
    flags: { accessTokenLifetime: "soon" },
    problems: [["invalid_value", "access_token_lifetime"]],
  },
  { flags: { accessTokenLifetime: "1s" }, problems: [["out_of_range", "access_token_lifetime"]] },
  { flags: { signingAlgorithm: "none" }, problems: [["invalid_value", "signing_algorithm"]] },
  { flags: { signingAlgorithm: "toString" }, problems: [["invalid_value", "signing_algorithm"]] },
  { flags: { deviceFlow: "maybe" }, problems: [["invalid_value", "device_flow"]] },
  { flags: { patMaxPerOwner: "many" }, problems: [["invalid_value", "pat_max_per_owner"]] },
  { flags: { patMaxPerOwner: "0" }, problems: [["out_of_range", "pat_max_per_owner"]] },
  { flags: { tlsCert: "a.pem" }, problems: [["incomplete_pair", "tls_cert"]] },
  { flags: { mailFrom: "a@b.example" }, problems: [["incomplete_pair", "mail_from"]] },
  {
    flags: { mailFrom: "nobody" },
    env: { [`${PREFIX}_SMTP_URL`]: "http://mail.example" },
    problems: [["invalid_value", "smtp_url"], ["invalid_value", "mail_from"]],
  },
  {
    env: { [`${PREFIX}_SECRET_KEY`]: "short" },
    problems: [["out_of_range", "secret_key"]],
  },
  {
    env: { [`${PREFIX}_WEBHOOK_SECRET`]: "whsec_short" },
    problems: [["invalid_value", "webhook_secret"]],
  },
  { flags: { patMaxLifetime: "30d" }, problems: [["out_of_range", "pat_default_lifetime"]] },
  { flags: { webhookUrl: "http://hooks.example" }, problems: [["insecure_url", "webhook_url"]] },
  {
    flags: { webhookUrl: "https://user:password@hooks.example" },
    problems: [["invalid_value", "webhook_url"]],
  },
  ...[",", "syslog://a.example", "file:audit.jsonl", "file:/var/log/", "https://a.example,otlp:b"]
    .map((target) => auditStream(target, "invalid_value")),
  auditStream("file:/a,file:/a", "invalid_value"),
  auditStream("otlp:http://a.example/v1/logs", "insecure_url"),
  auditStream("https://a.example, http://hooks.example", "insecure_url"),
  { flags: { auditStream: "file:/a" }, problems: [["incomplete_pair", "audit_stream"]] },
  {
    env: { [`${PREFIX}_AUDIT_STREAM`]: "file:/a", [`${PREFIX}_AUDIT_STREAM_SECRET`]: "short" },
    problems: [["out_of_range", "audit_stream_secret"]],
  },
  {
    flags: { secretScanningKeysUrl: "keys" },
    problems: [["invalid_value", "secret_scanning_keys_url"]],
  },
  {
    flags: { issuer: ISSUER, trustedProxies: "127.0.0.1", audience: `${ISSUER}/api/v1` },
    problems: [["reserved", "audience"]],
  },
  { env: { [`${PREFIX}_LISTN`]: "x" }, problems: [["unknown_variable", `${PREFIX}_LISTN`]] },
  { file: "color = 1", problems: [["unknown_setting", CONFIG_FILE]] },
  { file: 'listn = "127.0.0.1:0"', problems: [["unknown_setting", CONFIG_FILE]] },
  { file: "[listen]\nport = 1", problems: [["invalid_value", CONFIG_FILE]] },
  { file: "= broken", problems: [["malformed_file", CONFIG_FILE]] },
  { flags: { config: "/nonexistent.toml" }, problems: [["unreadable_file", CONFIG_FILE]] },
  { flags: { config: "" }, problems: [["unreadable_file", `${CONFIG_FILE} ""`]] },
  { flags: { config: "/" }, problems: [["unreadable_file", CONFIG_FILE]] },
  {
    env: { [`${PREFIX}_CONFIG`]: "/nonexistent.toml" },
    problems: [["unreadable_file", CONFIG_FILE]],
  },
  { file: "scopes = 1", problems: [["invalid_value", CONFIG_FILE]] },
  { file: '[scopes]\n"a b" = "x"', problems: [["invalid_value", CONFIG_FILE]] },
  { file: "[scopes]\na = {}", problems: [["invalid_value", CONFIG_FILE]] },
  {
    file: '[scopes]\na = { description = "x", roles = ["king"] }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  {
    file: '[scopes]\na = { description = "x", clients = "console" }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  {
    file: '[scopes]\na = { description = "x", tokens = "no" }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  {
    file: '[scopes]\na = { description = "x", device_flow = ["off", "never"] }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  {
    file: '[scopes]\na = { description = "x", device_flow = false }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  {
    flags: { issuer: "https://auth.example.com" },
    file: '[scopes]\na = { description = "x", device_flow = "same-network" }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  {
    file: '[scopes]\na = { description = "x", color = "red" }',
    problems: [["invalid_value", CONFIG_FILE]],
  },
  { file: '[scopes]\n"manage:all" = "x"', problems: [["reserved", CONFIG_FILE]] },
  {
    flags: { listen: "x", issuer: "y", signingAlgorithm: "z" },
    problems: [
      ["invalid_value", "listen"],
      ["invalid_value", "issuer"],
      ["invalid_value", "signing_algorithm"],
    ],
  },
];

Deno.test("reports every invalid setting by code and subject", async () => {
  const messages: string[] = [];
  for (const { flags, env, file, problems: expected } of INVALID) {
    const { problems } = await load(flags, env, file);
    assert.deepEqual(
      problems.map(({ code, subject }) => [code, subject.replace(/ \/.*$/, "")]),
      expected,
      JSON.stringify({ flags, env, file }),
    );
    for (const { subject, message } of problems) {
      messages.push(`${subject.replace(/ \/tmp\/.*\/(?=[\w.]+)/, " /etc/")}: ${message}\n`);
    }
  }
  await assertGolden("config/problems.txt", messages.join(""));
});

Deno.test("reports that a user without a home folder must choose the data folder", async () => {
  const io = { ...serverIo(), platform: { os: "linux", homedir: "" } };
  const { problems } = await loadConfig({}, io);
  assert.deepEqual(problems.map(({ code, subject }) => [code, subject]), [["missing", "data_dir"]]);
  assert.deepEqual((await loadConfig({ databaseUrl: "postgres://h/d" }, io)).problems, []);
});

Deno.test("says that a folder is not used beside database_url", async () => {
  const named = (problems: { code: string; subject: string; source?: string }[]) =>
    problems.map(({ code, subject, source }) => [code, subject, source?.replace(/.*\//, "")]);
  const unused = (source: string) => [["unused_setting", "data_dir", source]];
  const url = "postgres://h/d";
  const file = 'data_dir = "/var/lib/auth"';
  // As packages and images set it.
  const packaged = await load({}, { DATABASE_URL: url }, file);
  assert.deepEqual([named(packaged.notes), packaged.warnings], [
    unused("server.toml, line 1"),
    [],
  ]);
  assert.deepEqual(
    named((await load({ dataDir: "/a", databaseUrl: url })).notes),
    unused("--data-dir"),
  );
  // An operator who names the folder on the command line expects it to be used.
  const surprising = await load({ dataDir: "/a" }, { DATABASE_URL: url });
  assert.deepEqual([surprising.notes, named(surprising.warnings)], [[], unused("--data-dir")]);
  for (const loaded of [await load({ databaseUrl: url }), await load({ dataDir: "/a" })]) {
    assert.deepEqual([loaded.notes, loaded.warnings], [[], []]);
  }
  const { notes, warnings } = await loadAdminConfig(
    { dataDir: "/a" },
    serverIo({ DATABASE_URL: url }),
  );
  assert.deepEqual([notes, warnings], [[], []], "an operator's command uses the folder");
});

Deno.test("accepts a public server behind a declared proxy or with a certificate", async () => {
  const proxied = { listen: "0.0.0.0:8787", issuer: ISSUER, trustedProxies: "10.0.0.0/8, ::1" };
  assert.deepEqual((await load(proxied)).problems, []);
  assert.deepEqual((await load(proxied)).warnings, []);
  const tls = { listen: "0.0.0.0:443", issuer: ISSUER, tlsCert: "c.pem", tlsKey: "k.pem" };
  assert.deepEqual((await load(tls)).problems, []);
});

Deno.test("warns of a proxy that is not declared, and of one that cannot be used", async () => {
  const { problems, warnings } = await load({ issuer: ISSUER }, {
    HTTPS_PROXY: "socks5://proxy:1080",
    http_proxy: "http://",
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(warnings.map(({ code, subject }) => [code, subject]), [
    ["missing", "trusted_proxies"],
    ["invalid_value", "HTTPS_PROXY"],
    ["invalid_value", "HTTP_PROXY"],
  ]);
  await assertGolden(
    "config/warnings.txt",
    warnings.map(({ subject, message }) => `${subject}: ${message}\n`).join(""),
  );
});

Deno.test("never repeats what may be a secret in an invalid URL", async () => {
  const SECRET = "s3cr3t";
  const specials = ["#", "/", "?", "@", "%", "%zz"];
  const flags = specials.flatMap((special): SettingFlags[] => [
    { databaseUrl: `postgres://u:12${special}${SECRET}@h/d?sslmode=no` },
    { issuer: `https://u:12${special}${SECRET}@a.example/x` },
    { webhookUrl: `https://u:12${special}${SECRET}@a.example/x` },
    { webhookUrl: `http://a.example/12${special}${SECRET}` },
    { secretScanningKeysUrl: `https://u:12${special}${SECRET}@a.example/x` },
    { auditStream: `file:/a, https://u:12${special}${SECRET}@a.example/x` },
    { auditStream: `https://a.example/12${special},${SECRET}` },
    { auditStream: `file:/a, otlp:http://a.example/12${special}${SECRET}` },
  ]);
  const messages = (problems: { message: string }[]) =>
    problems.map(({ message }) => message).join();
  for (const flag of flags) {
    const { problems } = await load(flag);
    // A host "u" with a port, followed by a path or query, cannot be distinguished from a password.
    const isValid = JSON.stringify(flag).match(/Url":"https:\/\/u:12[/?]/);
    assert.ok(problems.length > 0 || isValid, JSON.stringify(flag));
    assert.ok(!messages(problems).includes(SECRET), messages(problems));
  }
  for (const special of specials.filter((character) => character !== "@")) {
    const { problems } = await load({}, {
      [`${PREFIX}_SMTP_URL`]: `smtp://u:12${special}${SECRET}@mail.example`,
      [`${PREFIX}_MAIL_FROM`]: "a@b.example",
    });
    assert.equal(problems.length, 1, special);
    assert.ok(!messages(problems).includes(SECRET), messages(problems));
  }
});

Deno.test({
  name: "rejects certificate authorities that others may change",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const path = join(folder, "authorities.pem");
      await Deno.writeTextFile(path, "");
      const databaseUrl = `postgres://db.example.test/db?sslmode=verify-full&sslrootcert=${path}`;
      const subjects = async (mode: number) => {
        await Deno.chmod(path, mode);
        const { problems } = await load({ caFile: path, applyFile: path, databaseUrl });
        return problems.filter(({ code }) => code === "insecure_permissions")
          .map(({ subject }) => subject);
      };
      assert.deepEqual(await subjects(0o644), []);
      assert.deepEqual(await subjects(0o666), [
        ...["apply_file", "ca_file", "sslrootcert in database_url"],
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("describes the scopes of every server in full where they are approved", () => {
  // server/pages/approval/requested_scopes.tsx shows no more.
  for (const { name, description } of scopeCatalog([])) {
    assert.ok(description.length <= 250, `${name}: ${description.length}`);
  }
});

/** A folder of the operator, with files of mode 0600. */
async function withFiles(
  files: Record<string, string | Uint8Array>,
  test: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(join(folder, name), bytes, { mode: 0o600 });
    }
    await test((name) => join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const SECRET = "a secret key of this test, long enough";
const SECRET_KEY = `${PREFIX}_SECRET_KEY`;

Deno.test("reads secrets from files that a flag, a variable or the file names", async () => {
  const files = { key: `${SECRET}\n`, windows: `${SECRET}\r\n`, url: "postgres://a:b@db/auth\n" };
  await withFiles(files, async (path) => {
    const loaded: [SettingFlags, Record<string, string>, string?][] = [
      [{ secretKeyFile: path("key") }, { [SECRET_KEY]: "x".repeat(32) }],
      [{}, { [`${SECRET_KEY}_FILE`]: path("windows") }],
      [{}, {
        [`${SECRET_KEY}_FILE`]: "$CREDENTIALS_DIRECTORY/key",
        CREDENTIALS_DIRECTORY: path(""),
      }],
      [{}, {}, `secret_key_file = "${path("key")}"`],
    ];
    for (const [flags, env, file] of loaded) {
      const { config, problems, effective } = await load(flags, env, file);
      assert.deepEqual(problems, []);
      assert.equal(config.secretKey, SECRET);
      const { source } = effective.find(({ name }) => name === "secret_key")!;
      assert.ok(source.startsWith(path("")) || source.startsWith("$CREDENTIALS"), source);
    }
    const { config, isDatabaseChosen } = await load({ databaseUrlFile: path("url") }, {
      DATABASE_URL: "postgres://plain/db",
    });
    assert.deepEqual([config.databaseUrl, isDatabaseChosen], ["postgres://a:b@db/auth", true]);
  });
});

Deno.test("accepts several previous keys, separated by commas or line breaks", async () => {
  const keys = ["a".repeat(32), "b".repeat(32)];
  await withFiles({ keys: `${keys[0]}\n\n${keys[1]}\n`, short: "short" }, async (path) => {
    const variable = `${PREFIX}_PREVIOUS_SECRET_KEYS`;
    for (
      const env of [
        { [variable]: keys.join(",") },
        { [`${variable}_FILE`]: path("keys") },
      ]
    ) {
      assert.deepEqual((await load({}, env)).config.previousSecretKeys, keys);
    }
    const fromFile = await load({}, {}, `previous_secret_keys = ${JSON.stringify(keys)}`);
    assert.deepEqual(fromFile.config.previousSecretKeys, keys);
    const { problems } = await load({}, { [`${variable}_FILE`]: path("short") });
    assert.deepEqual(problems.map(({ code }) => code), ["out_of_range"]);
  });
});

Deno.test("rejects a secret that is set twice in one place, and files that cannot be used", async () => {
  const files = {
    key: SECRET,
    empty: "\n",
    open: SECRET,
    binary: new Uint8Array([0xff, 0xfe, 0x80]),
    large: "x".repeat(70_000),
  };
  await withFiles(files, async (path) => {
    const codes = async (...given: Parameters<typeof load>) => {
      const { problems } = await load(...given);
      assert.ok(problems.every(({ message }) => !message.includes(SECRET)));
      return problems.map(({ code, subject }) => [code, subject]);
    };
    const file = `${SECRET_KEY}_FILE`;
    const twice = [["set_twice", "secret_key"]];
    assert.deepEqual(await codes({}, { [SECRET_KEY]: SECRET, [file]: path("key") }), twice);
    const toml = `secret_key = "${SECRET}"\nsecret_key_file = "${path("key")}"`;
    // The config file has the secret too, and this test's folder has ordinary modes.
    assert.deepEqual((await codes({}, {}, toml))[0], twice[0]);
    for (const name of ["missing", "empty", "binary", "large", "."]) {
      const unreadable = [["unreadable_file", "secret_key"]];
      assert.deepEqual(await codes({}, { [file]: path(name) }), unreadable, name);
    }
    const credentials = { [file]: "$CREDENTIALS_DIRECTORY/key" };
    assert.deepEqual(await codes({}, credentials), [["unreadable_file", "secret_key"]]);
    if (Deno.build.os === "windows") return;
    await Deno.chmod(path("open"), 0o644);
    const open = { [file]: path("open") };
    assert.deepEqual(await codes({}, open), [["insecure_permissions", "secret_key"]]);
  });
});
