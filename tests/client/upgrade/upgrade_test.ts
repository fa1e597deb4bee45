/** `upgrade` of a shell script that stands for the program, against a release on this machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { upgrade, type UpgradeCommandOptions } from "../../../client/commands/upgrade.ts";
import { runProgram } from "../../../client/process/process_io.ts";
import { runCommand } from "../../../client/run.ts";
import type { RunningProgram } from "../../../client/upgrade/running_program.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { archiveName, CHECKSUMS_FILE, PROVENANCE_FILE } from "../../../shared/release.ts";
import { clientHome } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { assertGolden } from "../../support/golden.ts";
import { parseOutput } from "../../support/output_schema.ts";
import {
  acme,
  type ReleaseServer,
  sha256,
  startReleaseServer,
  tarGz,
} from "../../support/release_server.ts";
import { createSigstore, type Flaws, type Sigstore } from "../../support/sigstore/sigstore.ts";
import { signRelease } from "../../support/signed_release.ts";

const ignore = Deno.build.os === "windows";
const TARGET = "x86_64-unknown-linux-gnu";
const NAME = acme.binaryName;
const ARCHIVE = archiveName("1.1.0", TARGET, NAME);

interface Installation extends AsyncDisposable {
  server: ReleaseServer;
  sigstore: Sigstore;
  io: MemoryIo;
  folder: string;
  path: string;
  program: RunningProgram;
  /** The exit code. By default with the trusted root of `sigstore`. */
  upgrade(version?: string, options?: UpgradeCommandOptions): Promise<number>;
  /** The version that the installed program prints. */
  installed(): Promise<string>;
  files(): string[];
}

/** Version 1.0.0 in a folder of its own, and a release of 1.0.0 and 1.1.0. */
async function prepare(versions = ["1.0.0", "1.1.0"]): Promise<Installation> {
  const home = await clientHome({ runProgram });
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "bin-" }));
  const server = await startReleaseServer(versions, { https: false });
  const sigstore = createSigstore();
  for (const version of versions) signRelease(server, version, sigstore);
  const path = join(folder, NAME);
  await writeScript(path, "1.0.0");
  const trustedRoot = join(home.folder, "trusted_root.json");
  await Deno.writeTextFile(trustedRoot, JSON.stringify(sigstore.trustedRoot));
  const program: RunningProgram = {
    name: NAME,
    version: "1.0.0",
    target: TARGET,
    isCompiled: true,
    path,
    release: { ...acme.release, url: server.url },
  };
  const { io } = home;
  return {
    ...{ server, sigstore, io, folder, path, program },
    upgrade: (version, options = {}) =>
      runCommand(io, (io) => upgrade(version, { trustedRoot, ...options }, io, program)),
    installed: async () => {
      const result = await runProgram(path, [], 10_000);
      return typeof result === "object" ? result.stdout.split(" ")[1] : String(result);
    },
    files: () => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function writeScript(path: string, version: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\necho "${NAME} ${version} x"\n`, { mode: 0o755 });
}

/** Replaces the archive of 1.1.0, with a checksum and a provenance that are right. */
function publish(it: Installation, content: Uint8Array<ArrayBuffer>): void {
  const folder = "/download/v1.1.0";
  it.server.files.set(`${folder}/${ARCHIVE}`, content);
  const sums = `${sha256(content)}  ${ARCHIVE}\n`;
  it.server.files.set(`${folder}/${CHECKSUMS_FILE}`, sums);
  it.server.files.set(`/latest/download/${CHECKSUMS_FILE}`, sums);
  signRelease(it.server, "1.1.0", it.sigstore);
}

/** What a user reads, without what differs from run to run. */
function messages({ io, server, folder }: Installation): string {
  return (io.out + io.err).replaceAll(server.url, "https://releases.example.com")
    .replaceAll(folder, "/home/alice/.local/bin").replace(/[0-9a-f]{64}/g, "SHA256");
}

async function assertUnchanged(it: Installation): Promise<void> {
  assert.equal(await it.installed(), "1.0.0");
  assert.deepEqual(it.files(), [NAME]);
}

Deno.test({ name: "installs the newest version, and keeps the old one", ignore }, async () => {
  await using it = await prepare();
  await Deno.chmod(it.path, 0o750);
  assert.equal(await it.upgrade(), EXIT.ok, it.io.err);
  assert.equal(await it.installed(), "1.1.0");
  assert.deepEqual(it.files(), [NAME, `${NAME}.previous`]);
  assert.equal((await Deno.stat(it.path)).mode! & 0o777, 0o750, "as before");
  assert.equal(it.io.out, "");
  await assertGolden("client/upgrade/upgraded.txt", messages(it));
});

Deno.test({ name: "goes back and forth with --rollback", ignore }, async () => {
  await using it = await prepare();
  await it.upgrade();
  it.io.err = "";
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.ok, it.io.err);
  assert.equal(await it.installed(), "1.0.0");
  await assertGolden("client/upgrade/rolled_back.txt", messages(it));
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.ok);
  assert.equal(await it.installed(), "1.1.0");
  assert.deepEqual(it.files(), [NAME, `${NAME}.previous`]);
});

Deno.test({ name: "without a kept program there is no way back", ignore }, async () => {
  await using it = await prepare();
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.failure);
  await assertGolden("client/upgrade/no_previous.txt", messages(it));
  await Deno.writeTextFile(`${it.path}.previous`, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.failure);
  assert.equal(await it.installed(), "1.0.0");
});

Deno.test({ name: "does nothing if there is no newer version", ignore }, async () => {
  await using it = await prepare(["1.0.0"]);
  assert.equal(await it.upgrade(), EXIT.ok);
  await assertUnchanged(it);
  assert.deepEqual(it.server.requests, [`/latest/download/${CHECKSUMS_FILE}`]);
  assert.equal(await it.upgrade("1.0.0"), EXIT.ok);
  await assertGolden("client/upgrade/nothing_to_do.txt", messages(it));
});

Deno.test({ name: "installs an older version only by name", ignore }, async () => {
  await using it = await prepare(["1.0.0", "0.9.0"]);
  assert.equal(await it.upgrade(), EXIT.ok);
  await assertUnchanged(it);
  assert.equal(await it.upgrade("v0.9.0"), EXIT.ok, it.io.err);
  assert.equal(await it.installed(), "0.9.0");
});

Deno.test({ name: "installs a prerelease only by name", ignore }, async () => {
  await using it = await prepare(["1.0.0", "1.1.0-rc.1"]);
  assert.equal(await it.upgrade(), EXIT.failure);
  await assertUnchanged(it);
  assert.equal(await it.upgrade("1.1.0-rc.1"), EXIT.ok, it.io.err);
  assert.equal(await it.installed(), "1.1.0-rc.1");
});

Deno.test({ name: "prints JSON as the schemas say", ignore }, async () => {
  await using it = await prepare();
  const output = (name: string) => {
    const value = parseOutput(name, it.io.out);
    it.io.out = "";
    return value;
  };
  assert.equal(await it.upgrade(undefined, { check: true, json: true }), EXIT.updateAvailable);
  assert.deepEqual(output("upgrade-check"), {
    version: "1.0.0",
    latest: "1.1.0",
    updateAvailable: true,
  });
  await it.upgrade(undefined, { json: true });
  const { path } = it;
  const upgraded = { path, from: "1.0.0", to: "1.1.0", changed: true };
  assert.deepEqual(output("upgrade"), {
    ...upgraded,
    previous: `${path}.previous`,
    provenance: "verified",
  });
  await it.upgrade("1.1.0", { json: true });
  assert.equal(Object(output("upgrade")).changed, false);
  await it.upgrade(undefined, { json: true, rollback: true });
  assert.equal(Object(output("upgrade")).to, "1.0.0");
});

Deno.test({ name: "--check says whether there is a newer version", ignore }, async () => {
  await using it = await prepare();
  assert.equal(await it.upgrade(undefined, { check: true }), EXIT.updateAvailable);
  await assertGolden("client/upgrade/check_newer.txt", messages(it));
  await assertUnchanged(it);
  it.program.version = "1.1.0";
  it.io.out = it.io.err = "";
  assert.equal(await it.upgrade(undefined, { check: true }), EXIT.ok);
  await assertGolden("client/upgrade/check_newest.txt", messages(it));
});

/** How 1.1.0 is published, and what the error is called. */
const REFUSED: Record<string, (it: Installation) => void | Promise<void>> = {
  wrong_sum(it) {
    it.server.files.set(`/download/v1.1.0/${ARCHIVE}`, "another content");
  },
  truncated_archive(it) {
    const whole = it.server.files.get(`/download/v1.1.0/${ARCHIVE}`) as Uint8Array<ArrayBuffer>;
    it.server.files.set(`/download/v1.1.0/${ARCHIVE}`, whole.slice(0, -10));
  },
  no_archive: (it) => void it.server.files.delete(`/download/v1.1.0/${ARCHIVE}`),
  no_provenance: (it) => void it.server.files.delete(`/download/v1.1.0/${PROVENANCE_FILE}`),
  wrong_identity: signedWith({
    identity: { workflow: "https://github.com/evil/auth/.github/workflows/release.yml@main" },
  }),
  wrong_tag: signedWith({ identity: { ref: "refs/tags/v1.0.0" } }),
  wrong_issuer: signedWith({ identity: { issuer: "https://gitlab.com" } }),
  self_hosted_runner: signedWith({ identity: { runner: "self-hosted" } }),
  unknown_root: (it) => signRelease(it.server, "1.1.0", createSigstore()),
  no_log_entry: signedWith({ withoutLogEntry: true }),
  damaged_archive: (it) => publish(it, new TextEncoder().encode("no gzip")),
  archive_without_program: async (it) => publish(it, await tarGz("other/file", "")),
  another_version: async (it) =>
    publish(it, await tarGz(`${NAME}-1.1.0-${TARGET}/${NAME}`, `#!/bin/sh\necho ${NAME} 1.0.9\n`)),
  program_that_fails: async (it) =>
    publish(
      it,
      await tarGz(`${NAME}-1.1.0-${TARGET}/${NAME}`, "#!/bin/sh\necho GLIBC >&2; exit 1\n"),
    ),
};

function signedWith(flaws: Flaws) {
  return (it: Installation) => signRelease(it.server, "1.1.0", it.sigstore, { flaws });
}

for (const [name, spoil] of Object.entries(REFUSED)) {
  Deno.test({ name: `changes nothing: ${name.replaceAll("_", " ")}`, ignore }, async () => {
    await using it = await prepare();
    await spoil(it);
    assert.equal(await it.upgrade(), EXIT.failure, it.io.err);
    await assertUnchanged(it);
    await assertGolden(`client/upgrade/refused/${name}.txt`, messages(it));
  });
}

Deno.test({ name: "does without provenance only with --skip-provenance", ignore }, async () => {
  await using it = await prepare();
  it.server.files.delete(`/download/v1.1.0/${PROVENANCE_FILE}`);
  assert.equal(await it.upgrade(undefined, { skipProvenance: true, json: true }), EXIT.ok);
  assert.equal(await it.installed(), "1.1.0");
  assert.equal(JSON.parse(it.io.out).provenance, "skipped");
});

Deno.test({ name: "does not replace what a package manager owns", ignore }, async () => {
  await using it = await prepare();
  const cellar = join(it.folder, "Cellar", NAME, "1.0.0", "bin");
  await Deno.mkdir(cellar, { recursive: true });
  await writeScript(join(cellar, NAME), "1.0.0");
  // As Homebrew does: the program on PATH is a link.
  await Deno.remove(it.path);
  await Deno.symlink(join(cellar, NAME), it.path);
  assert.equal(await it.upgrade(), EXIT.failure);
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.failure);
  assert.deepEqual(it.server.requests, []);
  await assertGolden("client/upgrade/homebrew.txt", messages(it));
  it.io.out = it.io.err = "";
  assert.equal(await it.upgrade(undefined, { check: true }), EXIT.updateAvailable);
  assert.match(it.io.err, /brew upgrade/);
});

Deno.test({ name: "does not replace the sources", ignore }, async () => {
  await using it = await prepare();
  it.program.isCompiled = false;
  assert.equal(await it.upgrade(), EXIT.failure);
  await assertUnchanged(it);
  await assertGolden("client/upgrade/sources.txt", messages(it));
});

Deno.test({
  name: "says what to do where the folder cannot be written to, before any download",
  ignore: ignore || Deno.uid() === 0,
}, async () => {
  await using it = await prepare();
  await Deno.chmod(it.folder, 0o555);
  assert.equal(await it.upgrade(), EXIT.failure);
  await Deno.chmod(it.folder, 0o755);
  await assertUnchanged(it);
  assert.deepEqual(it.server.requests, [`/latest/download/${CHECKSUMS_FILE}`]);
});

Deno.test({ name: "only one process upgrades at a time", ignore }, async () => {
  await using it = await prepare();
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const content = it.server.files.get(`/download/v1.1.0/${ARCHIVE}`) as Uint8Array<ArrayBuffer>;
  it.server.files.set(`/download/v1.1.0/${ARCHIVE}`, async () => {
    isAsked();
    await answered;
    return new Response(content);
  });
  const first = it.upgrade();
  await asked;
  assert.equal(await it.upgrade(), EXIT.temporaryFailure);
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.temporaryFailure);
  answer();
  assert.equal(await first, EXIT.ok);
  assert.equal(await it.installed(), "1.1.0");
  // A process that was started from the old file knows only the old version.
  assert.equal(await it.upgrade(), EXIT.ok);
  it.io.err = "";
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.ok);
  assert.equal(await it.installed(), "1.0.0");
});

Deno.test({
  name: "root leaves nothing in the home of another user, which sudo may keep",
  ignore: ignore || Deno.uid() !== 0,
}, async () => {
  await using it = await prepare();
  const home = await Deno.makeTempDir({ prefix: "home-" });
  await Deno.chown(home, 65534, 65534);
  it.io.env = {};
  it.io.platform = { ...it.io.platform, homeFolder: home };
  assert.equal(await it.upgrade(undefined, { check: true }), EXIT.updateAvailable);
  assert.equal(await it.upgrade(), EXIT.ok, it.io.err);
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.ok, it.io.err);
  assert.equal(await it.upgrade(undefined, { notice: "off" }), EXIT.failure);
  assert.deepEqual([...Deno.readDirSync(home)], []);
  await Deno.chown(home, 0, 0);
  assert.equal(await it.upgrade(undefined, { check: true }), EXIT.updateAvailable);
  assert.equal([...Deno.readDirSync(home)].length, 1, "in a home of its own it does");
  await Deno.remove(home, { recursive: true });
});

Deno.test({
  name: "gives the new program the capabilities of the old one, and so does --rollback",
  ignore: ignore || !await canSetCapabilities(),
}, async () => {
  await using it = await prepare();
  const bind = "cap_net_bind_service=ep";
  await runTool("setcap", bind, it.path);
  // A change of the owner would clear them.
  await Deno.chown(it.path, 65534, 65534);
  await runTool("setcap", bind, it.path);
  assert.equal(await it.upgrade(), EXIT.ok, it.io.err);
  assert.equal(await it.installed(), "1.1.0");
  assert.equal(await runTool("getcap", it.path), `${it.path} ${bind}\n`);
  assert.equal((await Deno.stat(it.path)).uid, 65534);
  // As an upgrade by a version that did not keep them.
  await runTool("setcap", "-r", `${it.path}.previous`);
  assert.equal(await it.upgrade(undefined, { rollback: true }), EXIT.ok, it.io.err);
  assert.equal(await it.installed(), "1.0.0");
  assert.equal(await runTool("getcap", it.path), `${it.path} ${bind}\n`);
});

/** What it prints. */
async function runTool(tool: string, ...args: string[]): Promise<string> {
  const result = await runProgram(tool, args, 10_000);
  assert.ok(typeof result === "object" && result.code === 0, JSON.stringify([tool, result]));
  return result.stdout;
}

/** Whether this user may, and the file system of temporary files has them. */
async function canSetCapabilities(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const file = await Deno.makeTempFile();
  const result = await runProgram("setcap", ["cap_net_bind_service=ep", file], 10_000);
  await Deno.remove(file);
  return typeof result === "object" && result.code === 0;
}

Deno.test({ name: "removes what a killed upgrade left", ignore }, async () => {
  await using it = await prepare();
  for (const end of ["new", "old"]) {
    await Deno.writeTextFile(join(it.folder, `.${NAME}-${crypto.randomUUID()}.${end}`), "half");
  }
  const other = `.${NAME}-settings`;
  await Deno.writeTextFile(join(it.folder, other), "");
  assert.equal(await it.upgrade(), EXIT.ok);
  assert.deepEqual(it.files(), [other, NAME, `${NAME}.previous`]);
});

Deno.test({ name: "Ctrl-C during the download changes nothing", ignore }, async () => {
  await using it = await prepare();
  it.server.files.set(`/download/v1.1.0/${ARCHIVE}`, () => {
    it.io.interrupt();
    return new Response(new ReadableStream());
  });
  assert.equal(await it.upgrade(), EXIT.interrupted);
  await assertUnchanged(it);
});

Deno.test("rejects arguments that cannot be", async () => {
  await using it = await prepare(["1.0.0"]);
  const http = { baseUrl: "http://mirror.example.com" };
  const secret = { baseUrl: "https://user:password@mirror.example.com" };
  const calls: [string | undefined, UpgradeCommandOptions][] = [
    ["1.x", {}],
    ["", {}],
    ["1.0.0", { check: true }],
    [undefined, { check: true, rollback: true }],
    [undefined, http],
    [undefined, secret],
    [undefined, { baseUrl: "mirror" }],
    [undefined, { trustedRoot: "/nonexistent" }],
    [undefined, { trustedRoot: it.path }],
  ];
  for (const [version, options] of calls) {
    assert.equal(
      await it.upgrade(version, options),
      EXIT.usage,
      JSON.stringify([version, options]),
    );
  }
  assert.doesNotMatch(it.io.err, /password@/);
  await assertGolden("client/upgrade/rejected_arguments.txt", messages(it));
});

Deno.test("a build without the address of its releases asks for one", async () => {
  await using it = await prepare(["1.0.0"]);
  it.program.release = { ...acme.release, repository: "OWNER/acmectl" };
  assert.equal(await it.upgrade(undefined, { check: true }), EXIT.failure);
  await assertGolden("client/upgrade/no_address.txt", messages(it));
});
