/** install.sh of another brand, in two shells, against a release on this machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { archiveName, CHECKSUMS_FILE, PROVENANCE_FILE } from "../../../shared/release.ts";
import { installSh } from "../../../tasks/packages/install_scripts.ts";
import { type Ended, run, start } from "../../support/binary.ts";
import {
  acme,
  AUTHORITY,
  type ReleaseServer,
  sha256,
  startReleaseServer,
  tarGz,
} from "../../support/release_server.ts";
import { temporaryHome } from "../../support/temporary_home.ts";
import { writeTool, writeToolFolder } from "../../support/tool_folder.ts";

const ignore = Deno.build.os === "windows";
const linux = Deno.build.os === "linux";

/** All that the script may call, without gh and cosign. */
const TOOLS = [
  ...["sh", "uname", "getconf", "sysctl", "ldd", "curl", "tar", "gzip", "mktemp", "rm", "mv", "cp"],
  ...["chmod", "mkdir", "cat", "sed", "tail", "tr", "sha256sum", "shasum", "openssl", "id", "find"],
];
const name = acme.binaryName;
const TARGET = "x86_64-unknown-linux-gnu";
const ARCHIVE = archiveName("1.0.0", TARGET, name);

interface Installation extends AsyncDisposable {
  server: ReleaseServer;
  home: string;
  tools: string;
  bin: string;
  install(...args: string[]): Promise<Ended>;
  /** The script, and how to start it. */
  script: string;
  env: Record<string, string>;
  /** Fails if the script left a file outside of the folder for programs. */
  assertNothingLeft(): Promise<void>;
}

interface Options {
  https?: boolean;
  shell?: string;
  /** What `uname` prints for the system and the machine. */
  uname?: [string, string];
}

/** A user's home, and a release with the versions 1.0.0 and 1.1.0. */
async function prepare(
  { https = false, shell = "sh", uname = ["Linux", "x86_64"] }: Options = {},
): Promise<Installation> {
  const home = await temporaryHome();
  const server = await startReleaseServer(["1.0.0", "1.1.0"], { https });
  const tools = join(home.folder, "tools");
  await writeToolFolder(tools, TOOLS);
  await writeTool(
    tools,
    "uname",
    `case $1 in -s) echo ${uname[0]} ;; -m) echo ${uname[1]} ;; esac`,
  );
  await writeTool(tools, "getconf", "case $1 in LONG_BIT) echo 64 ;; *) echo glibc 2.36 ;; esac");
  await writeTool(tools, "sysctl", "exit 1");
  const script = join(home.folder, "install.sh");
  await Deno.writeTextFile(script, await installSh(server.describe("1.0.0")));
  const env: Record<string, string> = {
    HOME: home.folder,
    TMPDIR: home.env.TMPDIR,
    PATH: tools,
    SHELL: "/bin/bash",
    CURL_CA_BUNDLE: fileURLToPath(AUTHORITY),
  };
  const path = await shellPath(shell);
  // The server is on http for those tests that are not about https.
  const mirror = https ? [] : ["--base-url", server.url];
  return {
    server,
    home: home.folder,
    tools,
    bin: join(home.folder, ".local", "bin", name),
    script,
    env,
    install: (...args) => run([script, ...mirror, ...args], { env, cwd: home.folder }, path),
    async assertNothingLeft() {
      assert.deepEqual([...Deno.readDirSync(home.env.TMPDIR)], []);
      const folder = join(home.folder, ".local", "bin");
      const files = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
      assert.deepEqual(files.filter((file) => file.name !== name), []);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

async function shellPath(shell: string): Promise<string> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(folder, shell);
    if (await Deno.stat(path).then(() => true, () => false)) return path;
  }
  throw new Error(`${shell} is not on PATH`);
}

const exists = (path: string) => Deno.lstat(path).then(() => true, () => false);
const version = async (path: string) => (await run([], {}, path)).stdout.split(" ")[1];

for (const shell of linux ? ["dash", "bash"] : ["sh", "bash"]) {
  Deno.test(
    `${shell}: installs over https, upgrades over itself and uninstalls`,
    { ignore },
    async () => {
      await using installation = await prepare({ https: true, shell });
      const { bin, install } = installation;
      const installed = await install();
      assert.equal(installed.code, 0, installed.stderr);
      assert.equal(await version(bin), "1.0.0");
      assert.equal((await Deno.stat(bin)).mode! & 0o777, 0o755);
      assert.match(installed.stdout, /Checksum: correct\.\nProvenance: not checked\./);
      const upgraded = await install("--version", "latest");
      assert.equal(upgraded.code, 0, upgraded.stderr);
      assert.equal(await version(bin), "1.1.0");
      await installation.assertNothingLeft();
      // As `upgrade` leaves it.
      await Deno.copyFile(bin, `${bin}.previous`);
      const removed = await install("--uninstall");
      assert.equal(removed.code, 0, removed.stderr);
      await installation.assertNothingLeft();
      assert.ok(!await exists(bin));
      assert.equal((await install("--uninstall")).code, 1);
    },
  );
}

Deno.test("installs a version into a folder", { ignore }, async () => {
  await using installation = await prepare();
  const { home, install } = installation;
  const { code, stderr } = await install("--version", "v1.1.0", "--dir", "my programs");
  assert.equal(code, 0, stderr);
  const program = join(home, "my programs", name);
  assert.equal(await version(program), "1.1.0");
  assert.equal((await install("--uninstall", "--dir", "my programs")).code, 0);
  assert.ok(!await exists(program));
});

type Fault = (server: ReleaseServer) => void | Promise<void>;

/** Replaces the archive, with its checksum. */
async function replaceArchive(server: ReleaseServer, path: string, script: string) {
  const content = await tarGz(path, script);
  server.files.set(`/download/v1.0.0/${ARCHIVE}`, content);
  server.files.set(`/download/v1.0.0/${CHECKSUMS_FILE}`, `${sha256(content)}  ${ARCHIVE}\n`);
}

const FAULTS: readonly { fault: string; cause: Fault; message: RegExp }[] = [
  {
    fault: "an archive with another checksum",
    cause: ({ files }) => void files.set(`/download/v1.0.0/${ARCHIVE}`, "something else"),
    message: /does not have the checksum[^]*expected [0-9a-f]{64}[^]*Nothing was installed/,
  },
  {
    fault: "an archive that is missing",
    cause: ({ files }) => void files.delete(`/download/v1.0.0/${ARCHIVE}`),
    message: /could not be downloaded[^]*Check the network/,
  },
  {
    fault: "an archive without a checksum",
    cause: ({ files }) => void files.set(`/download/v1.0.0/${CHECKSUMS_FILE}`, ""),
    message: /has no line for[^]*Choose another/,
  },
  {
    fault: "checksums that are missing",
    cause: ({ files }) => void files.delete(`/download/v1.0.0/${CHECKSUMS_FILE}`),
    message: /SHA256SUMS could not be downloaded/,
  },
  {
    fault: "a download that was cut",
    cause: ({ files }) => {
      const content = files.get(`/download/v1.0.0/${ARCHIVE}`) as Uint8Array<ArrayBuffer>;
      files.set(`/download/v1.0.0/${ARCHIVE}`, content.slice(0, 40));
    },
    message: /does not have the checksum/,
  },
  {
    fault: "a connection that breaks during a download",
    cause: ({ files }) => {
      const broken = () =>
        new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(new Uint8Array(10));
            controller.error(new Error("broken"));
          },
        });
      files.set(`/download/v1.0.0/${ARCHIVE}`, () => new Response(broken()));
    },
    message: /could not be downloaded/,
  },
  {
    fault: "an archive without the program",
    cause: (server) => replaceArchive(server, `${name}-1.0.0-${TARGET}/README`, ""),
    message: /does not contain/,
  },
  {
    fault: "a program that does not start",
    cause: (server) =>
      replaceArchive(server, `${name}-1.0.0-${TARGET}/${name}`, "#!/bin/sh\nexit 1\n"),
    message: /does not start on this system/,
  },
];

for (const { fault, cause, message } of FAULTS) {
  Deno.test(`rejects ${fault}, and leaves the installed program`, { ignore }, async () => {
    await using installation = await prepare();
    const { bin, install, server } = installation;
    await cause(server);
    const first = await install();
    assert.equal(first.code, 1, first.stdout);
    assert.match(first.stderr, message);
    assert.ok(!await exists(bin));
    await installation.assertNothingLeft();
    assert.equal((await install("--version", "1.1.0")).code, 0);
    assert.equal((await install()).code, 1);
    assert.equal(await version(bin), "1.1.0");
    await installation.assertNothingLeft();
  });
}

for (
  const [system, machine, tools, target] of [
    ["Linux", "aarch64", {}, "aarch64-unknown-linux-gnu"],
    ["Linux", "amd64", {}, "x86_64-unknown-linux-gnu"],
    ["Darwin", "x86_64", {}, "x86_64-apple-darwin"],
    ["Darwin", "arm64", {}, "aarch64-apple-darwin"],
    ["Darwin", "x86_64", { sysctl: "echo 1" }, "aarch64-apple-darwin"],
  ] as const
) {
  const rosetta = "sysctl" in tools ? " under Rosetta" : "";
  Deno.test(`chooses ${target} for ${system} on ${machine}${rosetta}`, { ignore }, async () => {
    await using installation = await prepare({ uname: [system, machine] });
    for (const [tool, script] of Object.entries(tools)) {
      await writeTool(installation.tools, tool, script);
    }
    const { code, stderr } = await installation.install();
    assert.equal(code, 0, stderr);
    assert.equal((await run([], {}, installation.bin)).stdout, `${name} 1.0.0 ${target}\n`);
  });
}

const MUSL = { getconf: "exit 1", ldd: "echo 'musl libc (x86_64)' >&2; exit 1" };
for (
  const [system, machine, tools, message] of [
    ["FreeBSD", "amd64", {}, /no acmectl for FreeBSD[^]*build it from the sources/],
    ["Linux", "riscv64", {}, /no acmectl for Linux on riscv64/],
    ["Linux", "x86_64", { getconf: "echo 32" }, /32-bit/],
    ["Linux", "x86_64", MUSL, /musl[^]*Debian/],
    ["MINGW64_NT-10.0", "x86_64", {}, /install\.ps1/],
  ] as const
) {
  const musl = tools === MUSL ? " with musl" : "";
  const bits = "getconf" in tools && tools !== MUSL ? " with 32 bits" : "";
  Deno.test(`rejects ${system} on ${machine}${musl}${bits}`, { ignore }, async () => {
    await using installation = await prepare({ uname: [system, machine] });
    for (const [tool, script] of Object.entries(tools)) {
      await writeTool(installation.tools, tool, script);
    }
    const { code, stderr } = await installation.install();
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.deepEqual(installation.server.requests, []);
    assert.ok(!await exists(join(installation.home, ".local")));
  });
}

Deno.test("a script that was cut does nothing", { ignore }, async () => {
  await using installation = await prepare({ https: true });
  const { env, home, server } = installation;
  const whole = (await Deno.readTextFile(installation.script)).trimEnd();
  const lastLine = whole.lastIndexOf("\n") + 1;
  const ends = [...whole.matchAll(/\n/g)].map(({ index }) => index)
    .filter((_, number) => number % 7 === 0);
  for (let end = lastLine; end < whole.length; end += 1) ends.push(end);
  const shell = await shellPath("sh");
  for (const end of ends) await run(["-s"], { env, stdin: whole.slice(0, end), cwd: home }, shell);
  assert.deepEqual(server.requests, []);
  assert.ok(!await exists(join(home, ".local")));
  assert.equal((await run(["-s"], { env, stdin: whole, cwd: home }, shell)).code, 0);
});

Deno.test("rejects mirrors and options that it does not understand", { ignore }, async () => {
  await using installation = await prepare();
  const { install, server } = installation;
  const { host } = new URL(server.url);
  const refused = [
    ...["http://example.com", "http://127.0.0.1.example.com", `http://localhost:1`, "ftp://a"],
    ...[`http://${host}@example.com`, `http://127.0.0.1:1\\@${host}/`, `http://${host}/{a,b}`],
  ].map((url) => ["--base-url", url]);
  for (
    const args of [
      ...refused,
      ["--version", "../1.0.0"],
      ["--version"],
      ["--dir", ""],
      ["--nonsense"],
    ]
  ) {
    const { code, stderr } = await install(...args);
    assert.equal(code, 1, args.join(" "));
    assert.match(stderr, /^install\.sh: .+\n.+\n$/);
  }
  assert.deepEqual(server.requests, []);
});

Deno.test(
  "rejects a certificate of an unknown authority, and a redirect to http",
  { ignore },
  async () => {
    await using installation = await prepare({ https: true });
    await using plain = await startReleaseServer(["1.0.0"], { https: false });
    const { env, install, server } = installation;
    for (const path of [`/download/v1.0.0/${CHECKSUMS_FILE}`, `/download/v1.0.0/${ARCHIVE}`]) {
      const content = server.files.get(path)!;
      server.files.set(path, () => Response.redirect(plain.url + path));
      assert.equal((await install()).code, 1);
      server.files.set(path, content);
    }
    assert.deepEqual(plain.requests, []);
    delete env.CURL_CA_BUNDLE;
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, /could not be downloaded/);
    await installation.assertNothingLeft();
  },
);

Deno.test("root installs nothing in the home of another user, which sudo may keep", {
  ignore: ignore || Deno.uid() !== 0,
}, async () => {
  await using installation = await prepare();
  const { bin, env, home, install } = installation;
  env.SUDO_UID = "65534";
  await Deno.chown(home, 65534, 65534);
  const refused = await install();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /without sudo/);
  assert.ok(!await exists(join(home, ".local")));
  assert.equal((await install("--dir", join(home, "bin"))).code, 0);
  await Deno.chown(home, 0, 0);
  assert.equal((await install()).code, 0);
  assert.ok(await exists(bin));
});

Deno.test(
  "does not follow a redirect from this machine to http elsewhere",
  { ignore },
  async () => {
    await using installation = await prepare();
    await using elsewhere = await startReleaseServer(["1.0.0"], { https: false });
    const { install, server } = installation;
    const path = `/download/v1.0.0/${ARCHIVE}`;
    server.files.set(path, () => Response.redirect(elsewhere.url + path));
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, /could not be downloaded/);
    assert.deepEqual(elsewhere.requests, []);
  },
);

Deno.test("downloads with wget where there is no curl, and not from elsewhere over http", {
  ignore: !linux,
}, async () => {
  await using installation = await prepare();
  await using elsewhere = await startReleaseServer(["1.0.0"], { https: false });
  const { bin, install, server, tools } = installation;
  await Deno.remove(join(tools, "curl"));
  assert.match((await install()).stderr, /neither curl nor wget/);
  await Deno.symlink(await shellPath("wget"), join(tools, "wget"));
  const path = `/download/v1.0.0/${ARCHIVE}`;
  server.files.set("/moved", server.files.get(path)!);
  server.files.set(path, () => Response.redirect(`${server.url}/moved`));
  const installed = await install();
  assert.equal(installed.code, 0, installed.stderr);
  assert.equal(await version(bin), "1.0.0");
  server.files.set(path, () => Response.redirect(elsewhere.url + path));
  assert.equal((await install()).code, 1);
  server.files.delete(path);
  assert.match((await install()).stderr, /404[^]*could not be downloaded/);
  assert.deepEqual(elsewhere.requests, []);
});

Deno.test(
  "checks the checksum with what there is, and does not install without",
  { ignore },
  async () => {
    await using installation = await prepare();
    const { bin, install, tools } = installation;
    for (const tool of ["sha256sum", "shasum", "openssl"]) {
      const { code, stderr } = await install();
      assert.equal(code, 0, stderr);
      await Deno.remove(join(tools, tool)).catch(() => {});
    }
    await Deno.remove(bin);
    const { code, stderr } = await install();
    assert.equal(code, 1);
    assert.match(stderr, /without sha256sum, shasum or openssl/);
    assert.ok(!await exists(bin));
  },
);

const GH = 'case "$*" in *--help) echo --source-ref ;; auth*) ;; *) echo "$@" >"$HOME/asked"; exit';
for (
  const [tool, accepting, rejecting, asked] of [
    [
      "gh",
      `${GH} 0 ;; esac`,
      `${GH} 1 ;; esac`,
      /^attestation verify .+ --repo acme\/acmectl --signer-workflow acme\/auth\/\S+ --source-ref refs\/tags\/v1\.0\.0 --deny-self-hosted-runners\n$/,
    ],
    [
      "cosign",
      'echo "$@" >"$HOME/asked"',
      "echo no signature; exit 1",
      /^verify-blob-attestation .+-regexp \^https:\/\/github\\\.com\/acme\/auth\/\\\.github\/workflows\/release-brand\\\.yml@ --certificate-github-workflow-repository acme\/acmectl --certificate-github-workflow-ref refs\/tags\/v1\.0\.0 /,
    ],
  ] as const
) {
  Deno.test(`checks the provenance with ${tool}`, { ignore }, async () => {
    await using installation = await prepare();
    const { bin, home, install, server, tools } = installation;
    await writeTool(tools, tool, rejecting);
    const refused = await install();
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /does not confirm that acme\/auth\/[^]*--skip-provenance/);
    assert.ok(!await exists(bin));
    await installation.assertNothingLeft();
    await writeTool(tools, tool, accepting);
    const installed = await install();
    assert.equal(installed.code, 0, installed.stderr);
    assert.match(installed.stdout, new RegExp(`^Provenance: built by .+ by ${tool}\\)`, "m"));
    assert.match(await Deno.readTextFile(join(home, "asked")), asked);
    server.files.delete(`/download/v1.0.0/${PROVENANCE_FILE}`);
    const missing = await install();
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /cannot check who built[^]*--skip-provenance/);
    const skipped = await install("--skip-provenance");
    assert.equal(skipped.code, 0);
    assert.match(skipped.stdout, /not checked, because/);
  });
}

Deno.test("shows how to extend PATH in the user's shell", { ignore }, async () => {
  await using installation = await prepare();
  const { env, home, install } = installation;
  const folder = join(home, ".local", "bin");
  for (const [shell, profile] of [["zsh", ".zshrc"], ["bash", ".bashrc"], ["ksh", ".profile"]]) {
    env.SHELL = `/bin/${shell}`;
    const { stdout } = await install();
    const [, line] = /^ {2}(echo .+)$/m.exec(stdout) ?? [];
    await run(["-c", line], { env }, await shellPath("sh"));
    const added = await Deno.readTextFile(join(home, profile));
    assert.equal(added, `export PATH="${folder}:$PATH"\n`);
  }
  env.SHELL = "/usr/bin/fish";
  assert.match((await install()).stdout, new RegExp(`fish_add_path '${folder}'`));
  env.PATH += `:${folder}`;
  assert.doesNotMatch((await install()).stdout, /is not in PATH/);
  await writeTool(installation.tools, name, "");
  assert.match((await install()).stdout, /which is earlier in PATH/);
});

Deno.test("leaves nothing when it is stopped during a download", { ignore }, async () => {
  await using installation = await prepare();
  const { env, home, script, server } = installation;
  const asked = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  server.files.set(`/download/v1.0.0/${ARCHIVE}`, async () => {
    asked.resolve();
    await stopped.promise;
    return new Response("late");
  });
  const args = [script, "--base-url", server.url];
  await using running = start(args, { env, cwd: home }, await shellPath("sh"));
  await asked.promise;
  running.kill("SIGTERM");
  // A shell runs its trap once the program that it waits for has exited.
  stopped.resolve();
  assert.equal((await running.ended).code, 143);
  await installation.assertNothingLeft();
  assert.ok(!await exists(installation.bin));
});

Deno.test("shellcheck accepts install.sh", { ignore: !linux }, async () => {
  await using installation = await prepare();
  const { stdout } = await run([installation.script], {}, "shellcheck");
  assert.equal(stdout, "");
});
