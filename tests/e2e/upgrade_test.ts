/** `upgrade` of the compiled program, from a release server with https on this machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { archiveName, CHECKSUMS_FILE, PROVENANCE_FILE } from "../../shared/release.ts";
import { version } from "../../shared/version.ts";
import { binaryPath, type Ended, run, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { startOnTerminal } from "../support/pseudo_terminal.ts";
import { AUTHORITY, type ReleaseServer, startReleaseServer } from "../support/release_server.ts";
import { createSigstore } from "../support/sigstore/sigstore.ts";
import { signRelease } from "../support/signed_release.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const ignore = Deno.build.os !== "linux";
const NAME = brand.binaryName;
const NEXT = "99.0.0";
const ARCHIVE = archiveName(NEXT, Deno.build.target, NAME);

interface Installation extends AsyncDisposable {
  server: ReleaseServer;
  env: Record<string, string>;
  bin: string;
  path: string;
  trustedRoot: string;
  upgrade(...args: string[]): Promise<Ended>;
  /** The version that a program says it is. */
  versionOf(path: string): Promise<string>;
  files(): string[];
}

/** The program in a folder of its user, and a release of a newer one. */
async function prepare(): Promise<Installation> {
  const home = await temporaryHome();
  const server = await startReleaseServer([NEXT], { https: true, brand });
  const sigstore = createSigstore();
  signRelease(server, NEXT, sigstore, { brand });
  const bin = join(home.folder, "bin");
  const path = join(bin, NAME);
  const trustedRoot = join(home.folder, "trusted_root.json");
  await Deno.mkdir(bin);
  await Deno.copyFile(binaryPath(), path);
  await Deno.writeTextFile(trustedRoot, JSON.stringify(sigstore.trustedRoot));
  const env = {
    ...home.env,
    [`${brand.envPrefix}_CA_FILE`]: fileURLToPath(AUTHORITY),
    [`${brand.envPrefix}_RELEASE_URL`]: server.url,
  };
  return {
    ...{ server, env, bin, path, trustedRoot },
    upgrade: (...args) => run(["upgrade", ...args], { env }, path),
    versionOf: async (path) => (await run(["--version"], { env }, path)).stdout.split(" ")[1],
    files: () => Array.from(Deno.readDirSync(bin), ({ name }) => name).sort(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

Deno.test({ name: "installs a release with provenance, and goes back", ignore }, async () => {
  await using it = await prepare();
  const { code, stderr } = await it.upgrade("--trusted-root", it.trustedRoot);
  assert.equal(code, EXIT.ok, stderr);
  assert.equal(await it.versionOf(it.path), NEXT);
  assert.deepEqual(it.files(), [NAME, `${NAME}.previous`]);
  assert.equal(await it.versionOf(`${it.path}.previous`), version);
  // The new program is a shell script here, so the kept one goes back.
  await Deno.rename(it.path, join(it.bin, "next"));
  await Deno.rename(`${it.path}.previous`, it.path);
  await Deno.rename(join(it.bin, "next"), `${it.path}.previous`);
  const back = await it.upgrade("--rollback");
  assert.equal(back.code, EXIT.ok, back.stderr);
  assert.equal(await it.versionOf(it.path), NEXT);
  assert.equal(await it.versionOf(`${it.path}.previous`), version);
});

Deno.test(
  { name: "trusts only Sigstore, and does without only with --skip-provenance", ignore },
  async () => {
    await using it = await prepare();
    const foreign = await it.upgrade();
    assert.equal(foreign.code, EXIT.failure);
    assert.match(foreign.stderr, /provenance\.sigstore\.json does not prove/);
    it.server.files.delete(`/download/v${NEXT}/${PROVENANCE_FILE}`);
    assert.equal((await it.upgrade()).code, EXIT.failure);
    assert.deepEqual(it.files(), [NAME]);
    assert.equal(await it.versionOf(it.path), version);
    const { code, stderr } = await it.upgrade("--skip-provenance");
    assert.equal(code, EXIT.ok, stderr);
    assert.equal(await it.versionOf(it.path), NEXT);
  },
);

/** Whether `run` may give files capabilities, and take the right to do so from a program. */
const hasCapabilities = !ignore && Deno.uid() === 0 &&
  await run(["--version"], {}, "setpriv").then(({ code }) => code === 0, () => false) &&
  await run(["-h"], {}, "setcap").then(() => true, () => false);

Deno.test({
  name: "keeps capabilities, and changes nothing where it cannot",
  ignore: !hasCapabilities,
}, async () => {
  await using it = await prepare();
  const bind = "cap_net_bind_service=ep";
  assert.equal((await run([bind, it.path], {}, "setcap")).code, 0);
  const args = ["--bounding-set=-setfcap", it.path, "upgrade", "--skip-provenance"];
  const refused = await run(args, { env: it.env }, "setpriv");
  assert.equal(refused.code, EXIT.failure, refused.stderr);
  assert.match(refused.stderr, /has capabilities[^]*Run the same as root: sudo/);
  assert.deepEqual(it.files(), [NAME]);
  assert.deepEqual(it.server.requests, [`/latest/download/${CHECKSUMS_FILE}`]);
  const { code, stderr } = await it.upgrade("--trusted-root", it.trustedRoot);
  assert.equal(code, EXIT.ok, stderr);
  assert.equal(await it.versionOf(it.path), NEXT);
  assert.equal((await run([it.path], {}, "getcap")).stdout, `${it.path} ${bind}\n`);
});

Deno.test({
  name: "another user who may write to the folder does not become the owner",
  ignore: !hasCapabilities,
}, async () => {
  await using it = await prepare();
  const home = await Deno.makeTempDir({ prefix: "home-" });
  await Deno.chown(home, 65534, 65534);
  await Deno.chmod(it.bin, 0o777);
  await Deno.chmod(join(it.bin, ".."), 0o755);
  const as = ["--reuid=65534", "--regid=65534", "--clear-groups", it.path, "upgrade"];
  const env = { ...it.env, HOME: home, XDG_CONFIG_HOME: home };
  const refused = await run([...as, "--skip-provenance"], { env }, "setpriv");
  assert.equal(refused.code, EXIT.failure, refused.stderr);
  assert.match(refused.stderr, /belongs to another user[^]*sudo/);
  assert.deepEqual(it.files(), [NAME]);
  await Deno.chown(it.path, 65534, 65534);
  const allowed = await run([...as, "--skip-provenance"], { env }, "setpriv");
  assert.equal(allowed.code, EXIT.ok, allowed.stderr);
  assert.equal((await Deno.stat(it.path)).uid, 65534);
  await Deno.remove(home, { recursive: true });
});

Deno.test({ name: "needs a certificate that is trusted", ignore }, async () => {
  await using it = await prepare();
  delete it.env[`${brand.envPrefix}_CA_FILE`];
  const { code, stderr } = await it.upgrade("--check");
  assert.equal(code, EXIT.failure);
  assert.match(stderr, /certificate/);
});

const RENAME = "rename,renameat,renameat2";

/** The system calls that change files, in their order. */
const STEPS: [calls: string, when: number][] = [
  ["fsync,fdatasync", 1],
  ["link,linkat", 1],
  [RENAME, 1],
  [RENAME, 2],
];

for (const [index, [calls, when]] of STEPS.entries()) {
  Deno.test({ name: `killed at step ${index + 1}, a program is in place`, ignore }, async () => {
    await using it = await prepare();
    const args = [
      ...["-f", "-qq", "-o", "/dev/null", "-e", `trace=${calls}`],
      ...["-e", `inject=${calls}:signal=KILL:when=${when}`],
    ];
    const upgrade = [it.path, "upgrade", "--trusted-root", it.trustedRoot];
    await run([...args, ...upgrade], { env: it.env }, "strace");
    assert.equal(await it.versionOf(it.path), version);
    assert.equal(it.files().some((name) => name.startsWith(`.${NAME}-`)), true, "was not killed");
    const again = await it.upgrade("--trusted-root", it.trustedRoot);
    assert.equal(again.code, EXIT.ok, again.stderr);
    assert.equal(await it.versionOf(it.path), NEXT);
    assert.equal(await it.versionOf(`${it.path}.previous`), version);
    assert.deepEqual(it.files(), [NAME, `${NAME}.previous`]);
  });
}

Deno.test({ name: "killed during the download, nothing is changed", ignore }, async () => {
  await using it = await prepare();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const archive = `/download/v${NEXT}/${ARCHIVE}`;
  const content = it.server.files.get(archive) as Uint8Array<ArrayBuffer>;
  const released = Promise.withResolvers<void>();
  it.server.files.set(archive, async () => {
    resolve();
    await released.promise;
    return new Response(content);
  });
  {
    await using running = start(["upgrade", "--skip-provenance"], { env: it.env }, it.path);
    await asked;
    const second = await it.upgrade("--skip-provenance");
    assert.equal(second.code, EXIT.temporaryFailure, second.stderr);
    running.kill("SIGKILL");
    await running.ended;
  }
  released.resolve();
  assert.equal(await it.versionOf(it.path), version);
  const again = await it.upgrade("--skip-provenance");
  assert.equal(again.code, EXIT.ok, again.stderr);
  assert.deepEqual(it.files(), [NAME, `${NAME}.previous`]);
});

Deno.test({ name: "a terminal shows a newer version the next time, once", ignore }, async () => {
  await using it = await prepare();
  const status = async (env: Record<string, string> = {}) => {
    await using running = startOnTerminal(["status"], {
      env: { ...it.env, ...env },
      columns: 100,
    });
    await running.ended;
    return running.stdout();
  };
  const requests = () => it.server.requests.length;
  await status({ CI: "true" });
  assert.equal(requests(), 0);
  assert.doesNotMatch(await status(), new RegExp(NEXT));
  await eventually("the check in the background", () => requests() === 1);
  assert.deepEqual(it.server.requests, [`/latest/download/${CHECKSUMS_FILE}`]);
  const state = join(it.env.XDG_CONFIG_HOME, brand.folderName, "upgrade.json");
  await eventually(
    "the check is recorded",
    async () => (await Deno.readTextFile(state)).includes(NEXT),
  );
  assert.match(await status(), new RegExp(`${NEXT} is available`));
  assert.doesNotMatch(await status(), new RegExp(NEXT));
  assert.equal(requests(), 1);
});
