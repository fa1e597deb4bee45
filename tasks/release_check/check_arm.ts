/** The program for Linux on ARM, under qemu-aarch64: it logs in at a server that runs as usual. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { approver } from "../../tests/support/approver.ts";
import { run, start } from "../../tests/support/binary.ts";
import { startServer } from "../../tests/support/server_process.ts";
import { temporaryHome } from "../../tests/support/temporary_home.ts";

/** Where Debian's libc6-arm64-cross is. */
const LIBRARIES = "/usr/aarch64-linux-gnu";
const QEMU = "/usr/bin/qemu-aarch64";
/** Emulation is dozens of times slower. */
const TIMEOUT_MS = 600_000;

/** `server` is a program for this machine, `client` the one for ARM. */
export async function checkOnArm(server: string, client: string): Promise<string> {
  await using home = await temporaryHome();
  const dataDir = join(home.folder, "data");
  await using serving = await startServer({ dataDir, env: home.env, program: server });
  const alice = { email: "alice@example.com", password: "correct horse battery staple" };
  const added = await run(
    [
      ...[
        "admin",
        "user",
        "add",
        alice.email,
        "--password-stdin",
        "--admin",
        "--data-dir",
        dataDir,
      ],
    ],
    { env: home.env, stdin: `${alice.password}\n` },
    server,
  );
  assert.equal(added.code, 0, added.stderr);

  const options = { env: home.env, timeoutMs: TIMEOUT_MS };
  const onArm = (...args: string[]) => ["-L", LIBRARIES, client, ...args];
  const version = await run(onArm("--version", "--json"), options, QEMU);
  assert.equal(version.code, 0, version.stderr);
  assert.equal(JSON.parse(version.stdout).arch, "aarch64");
  await using login = start(
    onArm("login", "--server", serving.issuer, "--no-browser", "--insecure-storage"),
    options,
    QEMU,
  );
  const [, code] = await login.waitFor(/Enter code:\s+(\S+)/, TIMEOUT_MS);
  await approver(serving.issuer, alice).decide(code, "approve");
  const ended = await login.ended;
  assert.equal(ended.code, 0, ended.stderr);
  const token = await run(onArm("token"), options, QEMU);
  assert.equal(token.code, 0, token.stderr);
  const response = await fetch(`${serving.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${token.stdout.trim()}` },
  });
  assert.equal(response.status, 200);
  assert.equal((await response.json()).email, alice.email);
  return version.stdout.trim();
}
