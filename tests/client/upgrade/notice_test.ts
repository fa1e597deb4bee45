/** When a newer version is mentioned, and what the notice costs a command. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { upgrade } from "../../../client/commands/upgrade.ts";
import { NO_NOTICE_VARIABLE, noticeNewVersion } from "../../../client/upgrade/notice.ts";
import { RELEASE_URL_VARIABLE } from "../../../client/upgrade/release_url.ts";
import type { RunningProgram } from "../../../client/upgrade/running_program.ts";
import { updateState } from "../../../client/upgrade/update_state.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type ClientHome, clientHome } from "../../support/client_home.ts";
import { assertGolden } from "../../support/golden.ts";
import { acme, startReleaseServer } from "../../support/release_server.ts";

const DAY_MS = 86_400_000;

const program: RunningProgram = {
  name: acme.binaryName,
  version: "1.0.0",
  target: "x86_64-unknown-linux-gnu",
  isCompiled: true,
  path: "/home/alice/.local/bin/acmectl",
  release: acme.release,
};

/** A terminal, and what was found a moment ago. */
async function prepare(latest = "1.1.0"): Promise<ClientHome> {
  const home = await clientHome({
    stderrIsTerminal: true,
    fetch: () => Promise.reject(new Error("a notice must not use the network")),
  });
  await updateState({ latest, checkedAt: home.io.clock.now() }, home.io);
  return home;
}

Deno.test("mentions a newer version once a day", async () => {
  await using home = await prepare();
  const { io } = home;
  await noticeNewVersion(io, program);
  await assertGolden("client/upgrade/notice.txt", io.err);
  io.err = "";
  io.clock.set(io.clock.now() + DAY_MS - 1);
  await noticeNewVersion(io, program);
  assert.equal(io.err, "");
  io.clock.set(io.clock.now() + 1);
  await noticeNewVersion(io, program);
  assert.notEqual(io.err, "");
});

Deno.test("does not mention the same, an older, a pre- or a strange version", async () => {
  for (const latest of ["1.0.0", "0.9.0", "2.0.0-rc.1", "\x1b[31m9.9.9", "9.9.9 run: curl"]) {
    await using home = await prepare(latest);
    await noticeNewVersion(home.io, program);
    assert.equal(home.io.err, "", latest);
  }
});

Deno.test("asks for the newest version once a day, as a process of its own", async () => {
  await using home = await prepare("1.0.0");
  const { io } = home;
  await noticeNewVersion(io, program);
  assert.deepEqual(io.detached, []);
  io.clock.set(io.clock.now() + DAY_MS);
  await noticeNewVersion(io, program);
  await noticeNewVersion(io, program);
  assert.deepEqual(io.detached, [[program.path, "upgrade", "--check"]]);
});

Deno.test("does nothing without a terminal, in CI, from the sources, and without releases", async () => {
  const placeholder = { ...acme.release, repository: "OWNER/acmectl" };
  const cases: [Partial<ClientHome["io"]>, Partial<RunningProgram>][] = [
    [{ stderrIsTerminal: false }, {}],
    [{ env: { CI: "true" } }, {}],
    [{ env: { [NO_NOTICE_VARIABLE]: "1" } }, {}],
    [{}, { isCompiled: false }],
    [{}, { release: placeholder }],
    [{ env: { [RELEASE_URL_VARIABLE]: "http://mirror.example.com" } }, {}],
  ];
  for (const [changes, other] of cases) {
    await using home = await prepare();
    const { io } = home;
    const { env, ...rest } = changes;
    Object.assign(io, rest);
    Object.assign(io.env, env);
    io.clock.set(io.clock.now() + DAY_MS);
    await noticeNewVersion(io, { ...program, ...other });
    assert.deepEqual([io.err, io.detached], ["", []], JSON.stringify([changes, other]));
  }
});

Deno.test("a mirror makes up for a brand without releases", async () => {
  await using home = await prepare();
  const { io } = home;
  io.env[RELEASE_URL_VARIABLE] = "https://mirror.example.com";
  const release = { ...acme.release, repository: "OWNER/acmectl" };
  await noticeNewVersion(io, { ...program, release });
  assert.notEqual(io.err, "");
});

Deno.test("--notice off is kept until --notice on", async () => {
  await using home = await prepare();
  const { io } = home;
  assert.equal(await upgrade(undefined, { notice: "off" }, io, program), EXIT.ok);
  io.err = "";
  io.clock.set(io.clock.now() + DAY_MS);
  await noticeNewVersion(io, program);
  assert.deepEqual([io.err, io.detached], ["", []]);
  await upgrade(undefined, { notice: "on" }, io, program);
  io.err = "";
  await noticeNewVersion(io, program);
  assert.notEqual(io.err, "");
});

Deno.test("without a folder of its own, nothing is repeated by every command", async () => {
  await using home = await prepare();
  const { io, folder } = home;
  await Deno.remove(join(folder, "upgrade.json"));
  io.env = {};
  io.platform = { ...io.platform, homeFolder: "" };
  await noticeNewVersion(io, program);
  assert.deepEqual([io.err, io.detached], ["", []]);
});

Deno.test("--check records what it found, in a private file", async () => {
  await using server = await startReleaseServer(["1.1.0"], { https: false });
  await using home = await prepare("1.0.0");
  const { io, folder } = home;
  io.fetch = fetch;
  io.clock.set(io.clock.now() + DAY_MS);
  const release = { ...acme.release, url: server.url };
  await upgrade(undefined, { check: true }, io, { ...program, release });
  assert.equal(server.requests.length, 1);
  io.err = "";
  await noticeNewVersion(io, program);
  assert.match(io.err, /1\.1\.0/);
  assert.deepEqual(io.detached, []);
  if (Deno.build.os === "windows") return;
  assert.equal((await Deno.stat(join(folder, "upgrade.json"))).mode! & 0o777, 0o600);
});
