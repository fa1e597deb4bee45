/** `auth install` and `auth uninstall` in the files of a home folder of their own. */
import { strict as assert } from "node:assert";
import { dirname, join } from "node:path";
import { addHosts, removeHosts } from "../../../client/commands/auth/hosts.ts";
import {
  installHelper,
  type InstallOptions,
  listHelpers,
  uninstallHelper,
} from "../../../client/commands/auth/install.ts";
import { TOOL_NAMES, type ToolName } from "../../../client/helpers/tool_names.ts";
import { loadTool } from "../../../client/helpers/tools.ts";
import { HELPER_PROGRAMS } from "../../../client/helpers/programs.ts";
import type { ClientIo } from "../../../client/io.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type MemoryIo, memoryIo } from "../../support/fake_client_io.ts";
import { assertGolden } from "../../support/golden.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const ignore = Deno.build.os === "windows";
const HOSTS = ["pkg.example.com", "git.example.com:8443", "http://127.0.0.1:4873"];

/** A home folder, and the commands as they run in it. */
async function configuredHome(hosts: readonly string[] = HOSTS) {
  const home = await temporaryHome();
  const io: MemoryIo = memoryIo({ env: { ...home.env, SHELL: "/bin/bash", PATH: "/usr/bin" } });
  const program = join(home.folder, "opt", brand.binaryName);
  await Deno.mkdir(dirname(program));
  await Deno.writeTextFile(program, "");
  io.platform = { ...io.platform, homeFolder: home.folder, programPath: program };
  const run = async (command: (io: ClientIo) => Promise<number>) => {
    Object.assign(io, { out: "", err: "" });
    return await runCommand(io, command);
  };
  const commands = {
    io,
    folder: home.folder,
    path: (name: string) => join(home.folder, name),
    run,
    install: (name: ToolName, options: InstallOptions = {}) =>
      run((io) => installHelper(name, options, io)),
    uninstall: (name: ToolName, options: InstallOptions = {}) =>
      run((io) => uninstallHelper(name, options, io)),
    async write(name: string, text: string) {
      const path = join(home.folder, name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, text);
      return path;
    },
    read: (name: string) => Deno.readTextFile(join(home.folder, name)),
    /** Without the paths of this run. */
    plain: (text: string) => text.replaceAll(home.folder, "/home/alice"),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
  if (hosts.length > 0) assert.equal(await run((io) => addHosts([...hosts], {}, io)), EXIT.ok);
  return commands;
}

/** The text of each file, the target of each link, by path. */
async function snapshot(folder: string, prefix = ""): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
    const path = join(folder, name);
    // The program's own folder records what was changed.
    if (name === brand.folderName) continue;
    if (isSymlink) files[`${prefix}${name}`] = `-> ${await Deno.readLink(path)}`;
    else if (isDirectory) {
      files[`${prefix}${name}/`] = "";
      Object.assign(files, await snapshot(path, `${prefix}${name}/`));
    } else files[`${prefix}${name}`] = await Deno.readTextFile(path);
  }
  return files;
}

/** What the user had in the file of each program. */
const EXISTING: Record<ToolName, Record<string, string>> = {
  bazel: { ".bazelrc": "# mine\nbuild --jobs=4" },
  cargo: { ".cargo/config.toml": '# mine\n[registry]\ndefault = "mine"\n\n[net]\nretry = 3\n' },
  "claude-code": {
    ".mcp.json": JSON.stringify(
      {
        mcpServers: {
          mine: { type: "http", url: "https://pkg.example.com/mcp?key=private", timeout: 3 },
          other: { type: "http", url: "https://other.example.com/mcp" },
          local: { command: "server" },
        },
      },
      undefined,
      4,
    ),
  },
  docker: {
    ".docker/config.json": '{\n\t"auths": {},\n\t"credHelpers": {\n\t\t"gcr.io": "gcloud"\n\t}\n}',
  },
  git: { ".gitconfig": "# mine\r\n[user]\r\n\tname = Alice\r\n" },
  go: { ".config/go/env": "GOPRIVATE=example.com\n" },
  pip: { ".config/pip/pip.conf": "[global]\ntimeout = 60\n[install]\nno-cache-dir = false\n" },
  pnpm: {
    ".npmrc": "; mine\nregistry=https://npm.example.com/\n//x/:_authToken=secret-of-mine",
  },
  terraform: { ".terraformrc": 'plugin_cache_dir = "$HOME/.cache"\n', ".tofurc": "" },
  uv: { ".config/uv/uv.toml": "# mine\nnative-tls = true\n[pip]\nsystem = true\n" },
};

Deno.test("has a description and code for each program", async () => {
  for (const name of Object.keys(TOOL_NAMES) as ToolName[]) {
    assert.equal((await loadTool(name)).name, name);
  }
  await using home = await configuredHome();
  for (const name of Object.keys(TOOL_NAMES) as ToolName[]) {
    const tool = await loadTool(name);
    const { links = [] } = await tool.plan({
      hosts: [],
      program: "/opt/program",
      binFolder: "/bin",
      home: home.folder,
      file: "/x",
      env: {},
      os: "linux",
    });
    for (const link of links) assert.ok(link.name in HELPER_PROGRAMS, link.name);
  }
});

for (const [name, existing] of Object.entries(EXISTING)) {
  Deno.test({
    name: `install ${name} changes its files as reviewed, and uninstall restores them`,
    ignore,
    async fn() {
      await using home = await configuredHome();
      const tool = name as ToolName;
      const options = tool === "claude-code" ? { file: home.path(".mcp.json") } : {};
      const texts: string[] = [];
      for (const files of [existing, tool === "claude-code" ? undefined : {}]) {
        if (files === undefined) continue;
        for (const path of Object.keys(existing)) {
          await Deno.remove(home.path(path)).catch(() => {});
        }
        for (const [path, text] of Object.entries(files)) {
          await Deno.chmod(await home.write(path, text), 0o640);
        }
        await home.write(".bashrc", "alias ll='ls -l'");
        const before = await snapshot(home.folder);
        assert.equal(await home.install(tool, { ...options, print: true }), EXIT.ok, home.io.err);
        texts.push(home.io.out);
        assert.deepEqual(await snapshot(home.folder), before, "--print changes nothing");
        assert.equal(await home.install(tool, options), EXIT.ok, home.io.err);
        texts.push(home.io.err);
        const after = await snapshot(home.folder);
        assert.notDeepEqual(after, before);
        for (const path of Object.keys(files)) {
          assert.equal((await Deno.stat(home.path(path))).mode! & 0o777, 0o640, path);
        }
        texts.push(
          ...Object.entries(after).flatMap(([path, text]) =>
            path.endsWith("/") || text === before[path] ? [] : [`=== ${path}\n${text}\n`]
          ),
        );
        assert.equal(await home.install(tool, options), EXIT.ok);
        assert.deepEqual(await snapshot(home.folder), after, "installing again changes nothing");
        assert.equal(await home.uninstall(tool, { ...options, print: true }), EXIT.ok);
        assert.deepEqual(await snapshot(home.folder), after);
        assert.equal(await home.uninstall(tool, options), EXIT.ok, home.io.err);
        assert.deepEqual(await snapshot(home.folder), before, "uninstalling restores everything");
        assert.equal(await home.uninstall(tool, options), EXIT.ok);
      }
      const text = home.plain(texts.join("\n")).replaceAll("\r", "");
      assert.doesNotMatch(texts.slice(0, 2).join(), /secret-of-mine/);
      await assertGolden(`client/install/${name}.txt`, text);
    },
  });
}

/** A setting of the user where our setting belongs. */
const FOREIGN: [ToolName, string, string][] = [
  ["bazel", ".bazelrc", "common --credential_helper=pkg.example.com=/opt/helper\n"],
  ["cargo", ".cargo/config.toml", '[registry]\nglobal-credential-providers = ["cargo:token"]\n'],
  ["cargo", ".cargo/config.toml", 'registry.global-credential-providers = ["cargo:token"]\n'],
  ["cargo", ".cargo/config.toml", 'registry = { default = "mine" }\n'],
  ["cargo", ".cargo/config", '[registry]\n"global-credential-providers" = []\n'],
  ["docker", ".docker/config.json", '{"credHelpers":{"pkg.example.com":"pass"}}'],
  ["docker", ".docker/config.json", "not json"],
  ["docker", ".docker/config.json", "[]"],
  ["git", ".gitconfig", '[credential "https://pkg.example.com"]\n\thelper = store\n'],
  ["git", ".gitconfig", '[Credential "https://pkg.example.com/"] helper = store\n'],
  ["go", ".config/go/env", "GOAUTH=git /home/alice\n"],
  ["pip", ".config/pip/pip.conf", "[global]\nkeyring-provider = import\n"],
  ["pnpm", ".npmrc", "//pkg.example.com/:_authToken=npm_secret\n"],
  ["pnpm", ".npmrc", "//127.0.0.1:4873/:tokenHelper=/opt/helper\n"],
  ["terraform", ".terraformrc", 'credentials_helper "other" {}\n'],
  ["uv", ".config/uv/uv.toml", 'keyring-provider = "native"\n'],
];

Deno.test({
  name: "refuses to replace settings of others, and changes nothing",
  ignore,
  async fn() {
    const messages: string[] = [];
    for (const [tool, path, text] of FOREIGN) {
      await using home = await configuredHome();
      await home.write(path, text);
      const before = await snapshot(home.folder);
      assert.equal(await home.install(tool), EXIT.failure, `${tool} ${text}`);
      assert.deepEqual(await snapshot(home.folder), before);
      assert.doesNotMatch(home.io.err, /npm_secret/);
      messages.push(home.plain(home.io.err));
    }
    await using home = await configuredHome();
    home.io.env.GOAUTH = "netrc";
    assert.equal(await home.install("go"), EXIT.failure);
    messages.push(home.plain(home.io.err));
    delete home.io.env.GOAUTH;
    const plugin = `.terraform.d/plugins/terraform-credentials-${brand.binaryName}`;
    await home.write(plugin, "another program");
    assert.equal(await home.install("terraform"), EXIT.failure);
    messages.push(home.plain(home.io.err));
    assert.equal(await home.read(plugin), "another program");
    await assertGolden("client/install/refused.txt", messages.join(""));
  },
});

Deno.test({
  name: "accepts the setting that it would add, and leaves it in place",
  ignore,
  async fn() {
    await using home = await configuredHome(["pkg.example.com"]);
    const files = {
      ".docker/config.json": `{"credHelpers":{"pkg.example.com":"${brand.binaryName}"}}`,
      ".config/uv/uv.toml": 'keyring-provider = "subprocess"\n',
    };
    for (const [path, text] of Object.entries(files)) await home.write(path, text);
    for (const tool of ["docker", "uv"] as const) {
      assert.equal(await home.install(tool), EXIT.ok, home.io.err);
      assert.equal(await home.uninstall(tool), EXIT.ok);
    }
    for (const [path, text] of Object.entries(files)) assert.equal(await home.read(path), text);
  },
});

Deno.test({
  name: "follows the list of hosts, and says so if a program could not be configured",
  ignore,
  async fn() {
    await using home = await configuredHome(["a.example.com"]);
    const before = await snapshot(home.folder);
    for (const tool of ["git", "pnpm", "go"] as const) {
      assert.equal(await home.install(tool), EXIT.ok);
    }
    await home.run((io) => addHosts(["b.example.com"], {}, io));
    assert.match(await home.read(".gitconfig"), /b\.example\.com/);
    assert.match(await home.read(".npmrc"), /\/\/b\.example\.com\/:tokenHelper=/);
    await home.run((io) => removeHosts(["a.example.com"], io));
    assert.doesNotMatch(await home.read(".gitconfig"), /a\.example\.com/);
    assert.doesNotMatch(await home.read(".npmrc"), /a\.example\.com/);
    const scripts = join(home.folder, ".config", brand.folderName, "bin");
    assert.deepEqual([...Deno.readDirSync(scripts)].map(({ name }) => name), [
      "pnpm-token-b.example.com",
    ]);
    await home.write(".npmrc", `${await home.read(".npmrc")}//c.example.com/:_authToken=x\n`);
    assert.equal(await home.run((io) => addHosts(["c.example.com"], {}, io)), EXIT.ok);
    assert.match(home.io.err, /Warning: pnpm/);
    assert.match(await home.read(".gitconfig"), /c\.example\.com/);
    for (const tool of ["git", "pnpm", "go"] as const) await home.uninstall(tool);
    assert.deepEqual(await snapshot(home.folder), {
      ...before,
      ".npmrc": "//c.example.com/:_authToken=x\n",
    });
  },
});

Deno.test({
  name: "keeps what programs that need the same files share, until the last of them",
  ignore,
  async fn() {
    await using home = await configuredHome();
    await home.write(".bashrc", "# mine\n");
    const before = await snapshot(home.folder);
    const link = join(home.folder, ".config", brand.folderName, "bin", "keyring");
    for (const tool of ["pip", "uv", "docker"] as const) await home.install(tool);
    const text = await home.read(".bashrc");
    assert.equal(text.match(/>>>.*PATH/g)?.length, 1);
    await home.uninstall("pip");
    assert.equal(await home.read(".bashrc"), text);
    assert.ok((await Deno.lstat(link)).isSymlink);
    await home.uninstall("uv");
    assert.equal(await home.read(".bashrc"), text);
    await assert.rejects(Deno.lstat(link), Deno.errors.NotFound);
    await home.uninstall("docker");
    assert.deepEqual(await snapshot(home.folder), before);
  },
});

Deno.test({
  name: "uninstall keeps what was added to the changed files meanwhile",
  ignore,
  async fn() {
    await using home = await configuredHome(["pkg.example.com"]);
    const options = { file: await home.write(".mcp.json", EXISTING["claude-code"][".mcp.json"]) };
    for (const tool of ["git", "cargo", "docker", "pip"] as const) await home.install(tool);
    await home.install("claude-code", options);
    // As git adds to the section of a host, and others to the table above their line.
    const git = await home.read(".gitconfig");
    await home.write(
      ".gitconfig",
      `${git.replace("# <<<", "\tusername = alice\n# <<<")}[user]\n\tname = Alice\n`,
    );
    await home.write(
      ".cargo/config.toml",
      `${await home.read(".cargo/config.toml")}default = "x"\n`,
    );
    // As docker and others write their file again.
    const docker = JSON.parse(await home.read(".docker/config.json"));
    docker.credHelpers["gcr.io"] = "gcloud";
    await home.write(
      ".docker/config.json",
      JSON.stringify({ auths: {}, ...docker }, undefined, "\t"),
    );
    await home.write(".mcp.json", JSON.stringify(JSON.parse(await home.read(".mcp.json"))));
    await home.write(".config/pip/pip.conf", "[global]\ntimeout = 60\n");
    for (const tool of ["git", "cargo", "docker", "pip"] as const) {
      assert.equal(await home.uninstall(tool), EXIT.ok, home.io.err);
    }
    assert.equal(await home.uninstall("claude-code", options), EXIT.ok);
    assert.equal(
      await home.read(".gitconfig"),
      '[credential "https://pkg.example.com"]\n\tusername = alice\n[user]\n\tname = Alice\n',
    );
    assert.equal(await home.read(".cargo/config.toml"), '[registry]\ndefault = "x"\n');
    assert.deepEqual(JSON.parse(await home.read(".docker/config.json")), {
      auths: {},
      credHelpers: { "gcr.io": "gcloud" },
    });
    assert.deepEqual(
      JSON.parse(await home.read(".mcp.json")),
      JSON.parse(EXISTING["claude-code"][".mcp.json"]),
    );
    assert.equal(await home.read(".config/pip/pip.conf"), "[global]\ntimeout = 60\n");
  },
});

Deno.test({
  name: "keeps symbolic links to configurations, and refuses files that it cannot edit",
  ignore,
  async fn() {
    await using home = await configuredHome();
    const target = await home.write("dotfiles/gitconfig", "[user]\n\tname = Alice\n");
    await Deno.symlink(target, home.path(".gitconfig"));
    assert.equal(await home.install("git"), EXIT.ok);
    assert.ok((await Deno.lstat(home.path(".gitconfig"))).isSymlink);
    assert.match(await Deno.readTextFile(target), /auth git-credential/);
    assert.equal(await home.uninstall("git"), EXIT.ok);
    assert.equal(await Deno.readTextFile(target), "[user]\n\tname = Alice\n");
    await Deno.remove(target);
    assert.equal(await home.install("git"), EXIT.failure);
    await Deno.remove(home.path(".gitconfig"));
    await Deno.writeFile(home.path(".gitconfig"), new Uint8Array([0x5b, 0xff]));
    assert.equal(await home.install("git"), EXIT.failure);
    await Deno.remove(home.path(".gitconfig"));
    await Deno.mkdir(home.path(".gitconfig"));
    assert.equal(await home.install("git"), EXIT.failure);
    assert.equal(await home.install("git", { file: "x" }), EXIT.usage);
  },
});

Deno.test({
  name: "install works again after its record was lost",
  ignore,
  async fn() {
    await using home = await configuredHome();
    await home.write(".gitconfig", "# mine\n");
    await home.install("git");
    const text = await home.read(".gitconfig");
    await Deno.remove(join(home.folder, ".config", brand.folderName, "helpers.json"));
    await home.run((io) => addHosts(HOSTS, {}, io));
    assert.equal(await home.install("git"), EXIT.ok, home.io.err);
    assert.equal(await home.read(".gitconfig"), text);
    await home.uninstall("git");
    assert.equal(await home.read(".gitconfig"), "# mine\n");
  },
});

Deno.test({
  name: "lists the programs, and which were changed since",
  ignore,
  async fn() {
    await using home = await configuredHome();
    await home.install("git");
    await home.install("go");
    await Deno.remove(home.path(".config/go/env"));
    assert.equal(await home.run((io) => listHelpers({ json: true }, io)), EXIT.ok);
    const rows: { name: string; state: string; files: string[] }[] = parseOutput(
      "auth-list",
      home.io.out,
    );
    const states = Object.fromEntries(rows.map(({ name, state }) => [name, state]));
    assert.equal(states.git, "installed");
    assert.equal(states.go, "changed");
    assert.equal(states.cargo, "not_installed");
    assert.deepEqual(Object.keys(states), Object.keys(TOOL_NAMES));
    Object.assign(home.io, { stdoutIsTerminal: true });
    assert.equal(await home.run((io) => listHelpers({}, io)), EXIT.ok);
    await assertGolden("client/install/list.txt", home.plain(home.io.out));
  },
});
