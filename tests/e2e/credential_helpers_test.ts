/**
 * The credential helpers, each with the program that it is for: `auth install`, then a download
 * from a private registry over https, then `auth uninstall`. A program that this machine does not
 * have is reported as skipped.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { assertNoSecrets } from "../support/assert_no_secrets.ts";
import { binaryPath, type Ended, run } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { install } from "../support/installation.ts";
import { startPrivateRegistry } from "../support/private_registry.ts";
import { programPath } from "../support/reverse_proxy.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { isUsable, toolchainEnv } from "../support/toolchain.ts";

const TIMEOUT_MS = 180_000;
const PNPM = "pnpm@10.34.8";
/** Before version 26, pip asks keyring only for indexes with a user name. */
const PIP_VERSIONS = [{ version: "25.3", user: "alice@" }, { version: "26.3", user: "" }];
const UV = "uv==0.13.9";

const ignore = Deno.build.os !== "linux";
const isMissing = (program: string) => programPath(program).then(() => false, () => true);

Deno.test({
  name: "programs get tokens for a private registry after auth install, and none before and after",
  ignore,
  async fn(t) {
    await using server = await install();
    await using registry = await startPrivateRegistry(server.issuer);
    await using home = await temporaryHome();
    await logIn(server, home);
    const links = join(home.env.XDG_CONFIG_HOME, brand.folderName, "bin");
    const tools = join(home.folder, "tools");
    const path = [links, join(tools, "bin"), Deno.env.get("PATH")].join(":");
    const env: Record<string, string> = {
      ...home.env,
      SHELL: "/bin/sh",
      PATH: path,
      SSL_CERT_FILE: registry.authority,
    };
    const own = async (...args: string[]) => {
      const ended = await run(args, { env });
      assert.equal(ended.code, 0, ended.stderr);
      assertNoSecrets(args.join(" "), ended.stdout + ended.stderr);
      return ended;
    };
    const emptyFolder = () => Deno.makeTempDir({ dir: home.folder });
    const start = async (
      program: string,
      args: string[],
      more: Record<string, string>,
      cwd: string,
    ) =>
      await run(
        args,
        { env: { ...env, ...more }, cwd, timeoutMs: TIMEOUT_MS },
        await programPath(program).catch(() => join(tools, "bin", program)),
      );
    /** What `download` does fails without the helper, and succeeds with it. */
    const prove = async (
      name: string,
      scheme: string | (() => Promise<string>),
      download: (folder: string) => Promise<Ended>,
    ) => {
      const before = await download(await emptyFolder());
      assert.notEqual(before.code, 0, `${before.stdout}${before.stderr}`);
      const accepted = registry.accepted.length;
      await own("auth", "install", name);
      const folder = await emptyFolder();
      const ended = await download(folder);
      const text = `${ended.stdout}${ended.stderr}`;
      assert.equal(ended.code, 0, text);
      assertNoSecrets(name, text);
      const requests = registry.accepted.slice(accepted);
      assert.ok(requests.length > 0);
      const expected = typeof scheme === "string" ? scheme : await scheme();
      for (const request of requests) assert.equal(request.scheme, expected, request.path);
      await own("auth", "uninstall", name);
      const after = await download(await emptyFolder());
      assert.notEqual(after.code, 0, `${after.stdout}${after.stderr}`);
    };

    // Terraform only accepts names with a dot.
    const address = registry.host.replace("localhost", "127.0.0.1");
    await own("auth", "hosts", "add", registry.host, address);

    await t.step({
      name: "go",
      ignore: !await isUsable("go"),
      fn: () =>
        prove(
          "go",
          "bearer",
          (cwd) =>
            start("go", ["mod", "download", "-json", "example.test/demo@v1.0.0"], {
              GOPROXY: `${registry.url}/go`,
              GOSUMDB: "off",
              GOTOOLCHAIN: "local",
              GOMODCACHE: join(cwd, "modules"),
              GOCACHE: join(cwd, "cache"),
              GOFLAGS: "-modcacherw",
            }, cwd),
        ),
    });

    await t.step({
      name: "cargo",
      ignore: !await isUsable("cargo"),
      fn: () =>
        prove("cargo", "bearer", async (cwd) => {
          await Deno.mkdir(join(cwd, "src"));
          await Deno.writeTextFile(join(cwd, "src", "lib.rs"), "");
          await Deno.writeTextFile(
            join(cwd, "Cargo.toml"),
            '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n' +
              '[dependencies]\ndemo = { version = "1", registry = "team" }\n',
          );
          return await start("cargo", ["fetch"], {
            ...await toolchainEnv("cargo"),
            CARGO_REGISTRIES_TEAM_INDEX: `sparse+${registry.url}/crates/index/`,
            CARGO_HTTP_CAINFO: registry.authority,
            CARGO_NET_RETRY: "0",
          }, cwd);
        }),
    });

    await t.step({
      name: "terraform",
      ignore: await isMissing("terraform"),
      fn: () =>
        prove("terraform", "bearer", async (cwd) => {
          await Deno.writeTextFile(
            join(cwd, "main.tf"),
            `module "demo" {\n  source = "${address}/team/demo/test"\n}\n`,
          );
          return await start("terraform", ["init", "-no-color"], { CHECKPOINT_DISABLE: "1" }, cwd);
        }),
    });

    await t.step({
      name: "docker",
      ignore: await isMissing("docker"),
      fn: () =>
        prove(
          "docker",
          "basic",
          (cwd) =>
            start("docker", ["manifest", "inspect", `${registry.host}/team/image:1`], {}, cwd),
        ),
    });

    await t.step(
      "git",
      () =>
        prove("git", gitScheme, (cwd) =>
          start("git", ["clone", `${registry.url}/git/demo.git`], {
            GIT_SSL_CAINFO: registry.authority,
            GIT_TERMINAL_PROMPT: "0",
          }, cwd)),
    );

    await t.step("pip and uv", async (t) => {
      const provide = (target: string, requirement: string) =>
        fromRegistry("python3", [
          ...["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"],
          ...["--root-user-action", "ignore", "--target", target, requirement],
        ]);
      const index = (user: string) => `https://${user}${registry.host}/simple/`;
      for (const { version, user } of PIP_VERSIONS) {
        await t.step(`pip ${version}`, async () => {
          const modules = join(tools, `pip-${version}`);
          await provide(modules, `pip==${version}`);
          const args = [
            ...["-m", "pip", "download", "--no-deps", "--no-input", "--no-cache-dir"],
            ...["--disable-pip-version-check", "--index-url", index(user), "demo"],
          ];
          await prove(
            "pip",
            "basic",
            (cwd) =>
              start("python3", args, { PYTHONPATH: modules, PIP_CERT: registry.authority }, cwd),
          );
        });
      }
      await provide(tools, UV);
      const uv = (cwd: string, ...args: string[]) =>
        start(
          "uv",
          [
            ...["pip", "install", "--no-deps", "--no-cache", "--target", join(cwd, "modules")],
            ...[...args, "demo"],
          ],
          {},
          cwd,
        );
      await t.step(
        "uv",
        () => prove("uv", "basic", (cwd) => uv(cwd, "--index-url", index("alice@"))),
      );
      await t.step(
        "uv, with an index that is always authenticated",
        () =>
          prove("uv", "basic", async (cwd) => {
            await Deno.writeTextFile(
              join(cwd, "uv.toml"),
              `[[index]]\nurl = "${index("")}"\nauthenticate = "always"\ndefault = true\n`,
            );
            return await uv(cwd);
          }),
      );
    });

    await t.step("pnpm", async () => {
      const args = ["install", "--no-audit", "--no-fund", "--global", "--prefix", tools, PNPM];
      await fromRegistry("npm", args);
      await prove("pnpm", "bearer", async (cwd) => {
        await Deno.writeTextFile(join(cwd, "package.json"), '{"dependencies":{"demo":"1.0.0"}}');
        await Deno.writeTextFile(
          join(cwd, ".npmrc"),
          `registry=${registry.url}/npm/\ncafile=${registry.authority}\nfetch-retries=0\n`,
        );
        return await start("pnpm", ["install", "--store-dir", join(cwd, "store")], {}, cwd);
      });
    });

    await t.step("Bazel's protocol, by the link that is configured", async () => {
      await own("auth", "install", "bazel");
      const text = await Deno.readTextFile(join(home.folder, ".bazelrc"));
      const [, helper] = /--credential_helper=localhost=(\S+)/.exec(text)!;
      const stdin = JSON.stringify({ uri: `${registry.url}/cache` });
      const { code, stdout } = await run(["get"], { env, stdin }, helper);
      assert.equal(code, 0);
      const { headers, expires } = JSON.parse(stdout);
      assert.match(headers.Authorization[0], /^Bearer ey/);
      assert.ok(Date.parse(expires) > Date.now());
      const other = { uri: "https://other.example.com/" };
      const refused = await run(["get"], { env, stdin: JSON.stringify(other) }, helper);
      assert.notEqual(refused.code, 0);
      assert.equal(refused.stdout, "");
      await own("auth", "uninstall", "bazel");
      await assert.rejects(Deno.lstat(helper), Deno.errors.NotFound);
    });

    await t.step("a host with scopes of its own gets only these", async () => {
      await own("auth", "hosts", "add", "narrow.example.com", "--scope", "openid");
      const url = "https://narrow.example.com/";
      const { code, stdout, stderr } = await run(["auth", "headers", url], { env });
      assert.equal(code, 0, stderr);
      const [, payload] = JSON.parse(stdout).Authorization.split(".");
      assert.equal(
        JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).scope,
        "openid",
      );
    });

    await t.step("an agent's headersHelper, as a shell runs it", async () => {
      const folder = await emptyFolder();
      const file = join(folder, ".mcp.json");
      const servers = { team: { type: "http", url: `${registry.url}/mcp` } };
      await Deno.writeTextFile(file, JSON.stringify({ mcpServers: servers }));
      await own("auth", "install", "claude-code", "--file", file);
      const { headersHelper } = JSON.parse(await Deno.readTextFile(file)).mcpServers.team;
      await Deno.mkdir(join(tools, "bin"), { recursive: true });
      await Deno.symlink(binaryPath(), join(tools, "bin", brand.binaryName));
      const { code, stdout } = await start("sh", ["-c", headersHelper], {}, folder);
      assert.equal(code, 0);
      assert.match(JSON.parse(stdout).Authorization, /^Bearer ey/);
    });
  },
});

/** Installs a program from a public registry, as this machine reaches it. */
async function fromRegistry(program: string, args: string[]): Promise<void> {
  const command = new Deno.Command(await programPath(program), {
    args,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { success, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** git sends bearer tokens from version 2.46 on. */
async function gitScheme(): Promise<string> {
  const { stdout } = await run(["version"], {}, await programPath("git"));
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout)!.map(Number);
  return major > 2 || (major === 2 && minor >= 46) ? "bearer" : "basic";
}
