/**
 * The programs that `admin client snippet` prints, built with the libraries that they name: each
 * logs in, is started many times at once with a token that has expired, and stays logged in.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SnippetLanguage, SNIPPETS } from "../../server/admin/snippets/snippet.ts";
import { start } from "../support/binary.ts";
import { install, type Installation, POSTGRES } from "../support/installation.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { isUsable, toolchainEnv } from "../support/toolchain.ts";

/** Programs that start at the same time. */
const PARALLEL = 8;

/** How each language's program is built in a folder that has its source, and started. */
const TOOLCHAINS: Record<SnippetLanguage, {
  /** Programs that it needs on this machine. */
  needs: readonly string[];
  build(folder: string): Promise<void>;
  command(folder: string): string[];
}> = {
  curl: {
    needs: ["bash", "curl", "jq", "flock"],
    build: () => Promise.resolve(),
    command: (folder) => ["bash", join(folder, "acme.sh")],
  },
  go: {
    needs: ["go"],
    async build(folder) {
      const module = fileURLToPath(new URL("../support/go_oauth2/", import.meta.url));
      for (const name of ["go.mod", "go.sum"]) {
        await Deno.copyFile(join(module, name), join(folder, name));
      }
      await build(folder, ["go", "build", "-o", "acme", "."]);
    },
    command: (folder) => [join(folder, "acme")],
  },
  python: {
    needs: ["python3"],
    async build(folder) {
      await build(folder, ["python3", "-m", "venv", "venv"]);
      await build(folder, ["venv/bin/pip", "install", "--quiet", "authlib==1.9.10", "requests"]);
    },
    command: (folder) => [join(folder, "venv/bin/python"), join(folder, "acme.py")],
  },
  node: {
    needs: ["node", "npm"],
    async build(folder) {
      await build(folder, [
        "npm",
        "install",
        "--silent",
        "openid-client@6.9.0",
        "proper-lockfile@4.1.2",
      ]);
    },
    command: (folder) => ["node", join(folder, "acme.mjs")],
  },
  rust: {
    needs: ["cargo"],
    async build(folder) {
      await Deno.mkdir(join(folder, "src"));
      await Deno.rename(join(folder, "main.rs"), join(folder, "src/main.rs"));
      // Without TLS, which the server of this test does not have.
      await Deno.writeTextFile(
        join(folder, "Cargo.toml"),
        `[package]
name = "acme"
version = "0.1.0"
edition = "2024"

[dependencies]
oauth2 = { version = "=5.0.0", default-features = false, features = ["reqwest-blocking"] }
serde_json = "1"
`,
      );
      await build(folder, ["cargo", "build", "--quiet"]);
    },
    command: (folder) => [join(folder, "target/debug/acme")],
  },
  java: {
    needs: ["java", "mvn"],
    async build(folder) {
      await Deno.writeTextFile(
        join(folder, "pom.xml"),
        `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>acme</groupId><artifactId>acme</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>com.nimbusds</groupId><artifactId>oauth2-oidc-sdk</artifactId>
    <version>11.26</version>
  </dependency></dependencies>
</project>
`,
      );
      await build(folder, [
        "mvn",
        "--quiet",
        "--batch-mode",
        "dependency:copy-dependencies",
        "-DoutputDirectory=lib",
      ]);
    },
    command: (folder) => [
      "java",
      "-Xshare:auto",
      "-cp",
      join(folder, "lib/*"),
      join(folder, "Acme.java"),
    ],
  },
};

for (const language of Object.keys(SNIPPETS) as SnippetLanguage[]) {
  const { needs } = TOOLCHAINS[language];
  Deno.test({
    name: `the ${language} program logs in and stays logged in`,
    ignore: (await Promise.all(needs.map(isUsable))).includes(false),
    fn: () => testSnippet(language),
  });
}

async function testSnippet(language: SnippetLanguage): Promise<void> {
  await using server = await install({ database: POSTGRES });
  await using home = await temporaryHome();
  const folder = join(home.folder, "program");
  await Deno.mkdir(folder);
  const added = await server.operate(
    ["admin", "client", "add", "Acme CLI", "--public", "--id", "acme-cli-2"],
  );
  assert.equal(added.code, 0, added.stderr);
  const printed = await server.operate(
    ["admin", "client", "snippet", "acme-cli-2", "--language", language],
    { env: { YOURAPP_ISSUER: server.issuer } },
  );
  assert.equal(printed.code, 0, printed.stderr);
  await Deno.writeTextFile(join(folder, SNIPPETS[language].file), printed.stdout);
  await TOOLCHAINS[language].build(folder);

  const [program, ...prefix] = TOOLCHAINS[language].command(folder);
  const env = {
    ...home.env,
    HOME: home.folder,
    XDG_CONFIG_HOME: join(home.folder, "config"),
    // Java does not read HOME.
    JAVA_TOOL_OPTIONS: `-Duser.home=${home.folder}`,
  };
  const run = (command: string) => start([...prefix, command], { env, stdin: "" }, program);

  assert.notEqual((await run("token").ended).code, 0);
  await logIn(server, run("login"));
  const first = await printedToken(run("token"));
  assert.equal(await status(server, first), 200);
  assert.equal(await printedToken(run("token")), first);

  const stored = await storedTokens(env.XDG_CONFIG_HOME);
  await expire(stored);
  const tokens = await Promise.all(
    Array.from({ length: PARALLEL }, () => printedToken(run("token"))),
  );
  assert.equal(new Set(tokens).size, 1);
  assert.notEqual(tokens[0], first);
  assert.equal(await status(server, tokens[0]), 200);
  assert.equal((await Deno.stat(stored)).mode! & 0o077, 0);

  // The login is over on the server.
  const disabled = await server.operate(["admin", "client", "remove", "acme-cli-2"]);
  assert.equal(disabled.code, 0, disabled.stderr);
  await expire(stored);
  const refused = await run("token").ended;
  assert.notEqual(refused.code, 0);
  assert.equal(refused.stdout, "");
}

async function logIn(server: Installation, running: ReturnType<typeof start>): Promise<void> {
  const [, code] = await running.waitFor(/code ([A-Z0-9]{4}-[A-Z0-9]{4})/);
  await server.alice.decide(code, "approve");
  const ended = await running.ended;
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
}

async function printedToken(running: ReturnType<typeof start>): Promise<string> {
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ey\S+\n$/);
  return stdout.trim();
}

/** What userinfo answers for the token. */
async function status(server: Installation, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${server.issuer}/oauth/userinfo`, { headers });
  await response.body?.cancel();
  return response.status;
}

/** The file of the tokens. */
async function storedTokens(config: string): Promise<string> {
  const folder = join(config, "acme-cli-2");
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith("tokens")) return join(folder, name);
  }
  throw new Error(`${folder} has no tokens`);
}

/** As if the access token had expired. */
async function expire(file: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  const expired = text
    .replace(/(expires_at"?[:=] ?)[\d.]+/, (_, name) => `${name}0`)
    .replace(/"expiry":"[^"]*"/, '"expiry":"2020-01-01T00:00:00Z"');
  assert.notEqual(expired, text);
  await Deno.writeTextFile(file, expired);
}

/** Runs a tool of the language, with the caches of this machine. */
async function build(folder: string, [program, ...args]: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(
    program.includes("/") ? join(folder, program) : program,
    { args, cwd: folder, env: await toolchainEnv(program) },
  ).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, `${program} ${args.join(" ")}\n${text(stdout)}${text(stderr)}`);
}
