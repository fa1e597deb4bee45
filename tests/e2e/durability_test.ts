/**
 * The embedded database loses nothing it has acknowledged: not to kill -9, and, as far as a
 * process can ensure that, not to a power failure. Only the operator's commands have access.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { run, start } from "../support/binary.ts";
import { runCommandKills } from "../support/chaos/command_kills.ts";
import { keyChanges } from "../support/chaos/kill_key_changes.ts";
import { embeddedMigration } from "../support/chaos/kill_migrations.ts";
import { runKills } from "../support/chaos/kills.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install, type Installation } from "../support/installation.ts";
import { assertNoSecrets, PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { attachStrace } from "../support/strace.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

/** How many writes are acknowledged before each of the kills. */
const KILLS = [25, 70, 140];
const WRITERS = 4;

async function startDeviceLogin(server: Installation): Promise<string> {
  const response = await fetch(`${server.issuer}/oauth/device/authorize`, {
    method: "POST",
    body: new URLSearchParams({ client_id: brand.cliClientId, scope: "openid" }),
  });
  assert.equal(response.status, 200);
  return (await response.json()).device_code;
}

async function poll(server: Installation, deviceCode: string): Promise<string> {
  const response = await fetch(`${server.issuer}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: DEVICE_CODE_GRANT,
      client_id: brand.cliClientId,
      device_code: deviceCode,
    }),
  });
  return (await response.json()).error;
}

Deno.test("acknowledged commits survive kill -9, repeatedly", async () => {
  await using server = await install();
  const users: string[] = [ALICE.email];
  for (const [round, enough] of KILLS.entries()) {
    const email = `user-${round}@example.com`;
    await server.addUser({ email, password: `${PASSWORD_MARK} ${round}` });
    users.push(email);
    const acknowledged: string[] = [];
    let dead = false;
    const writers = Array.from({ length: WRITERS }, async () => {
      try {
        while (!dead) acknowledged.push(await startDeviceLogin(server));
      } catch (error) {
        // Not acknowledged, so nothing is owed; but it must have been the kill.
        if (!dead) throw error;
      }
    });
    await eventually(`${enough} writes`, () => acknowledged.length >= enough);
    dead = true;
    await server.kill();
    await Promise.all(writers);

    await server.restart();
    for (const deviceCode of acknowledged) {
      assert.equal(await poll(server, deviceCode), "authorization_pending");
    }
    const { stdout } = await server.operate(["admin", "user", "list"]);
    for (const user of users) assert.ok(stdout.includes(user), `${user} is not in:\n${stdout}`);
  }
  assert.equal(await poll(server, "never given out"), "invalid_grant");
});

Deno.test("a first start that was killed can be repeated", async () => {
  for (const files of [300, 900]) {
    await using home = await temporaryHome();
    const dataDir = join(home.folder, "data");
    const options = { env: home.env, stdin: "" };
    await using first = start(["serve", "--listen", "127.0.0.1:0", "--data-dir", dataDir], options);
    await eventually(`${files} files`, async () => {
      assert.equal(first.stdout(), "", "it was quicker than we");
      return await countFiles(dataDir) >= files;
    });
    first.kill("SIGKILL");
    await first.ended;
    await using second = await startServer({ dataDir, env: home.env });
    assert.ok(second.setupUrl);
  }
});

Deno.test("no operation is lost to kills during load, start, stop and creation", async () => {
  const { journal, kills } = await runKills({ count: 8, seed: 7 });
  assert.deepEqual(journal.faults, []);
  for (const moment of ["load", "start", "stop"] as const) assert.ok(kills[moment] > 0, moment);
  assert.ok(journal.counts.login > 0 && journal.counts.refresh > 0, JSON.stringify(journal.counts));
});

Deno.test("a migration and a rotation of the secret key that are killed are completed the next time", async () => {
  const { faults } = await runCommandKills({
    count: 2,
    seed: 7,
    scenarios: [embeddedMigration, keyChanges],
    only: ["migration of the embedded database", "rotation of the secret key"],
  });
  assert.deepEqual(faults, []);
});

async function countFiles(folder: string): Promise<number> {
  let count = 0;
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      count += isDirectory ? await countFiles(join(folder, name)) : 1;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return count;
}

Deno.test({
  name: "sends a response only after its commit is on disk",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = await install();
    const { pid } = server.server.running;
    const sending = "sendto,sendmsg,writev";
    await using trace = await attachStrace(pid, `fsync,fdatasync,${sending}`);
    const answers = 5;
    for (let index = 0; index < answers; index++) await startDeviceLogin(server);
    // From the calls, in the order the kernel saw them: W for a synced log, A for an answer.
    const order = await eventually("the last answer is seen", async () => {
      const seen = (await trace.lines()).map((line) =>
        /(fsync|fdatasync)\(.*pg_wal.* = 0$/.test(line)
          ? "W"
          : /(sendto|sendmsg|writev)\(.*HTTP\/1\.1 200/.test(line)
          ? "A"
          : ""
      ).join("");
      return seen.split("A").length > answers && seen;
    });
    assert.match(order, new RegExp(`^(W+A){${answers}}W*$`));
  },
});

Deno.test("one server per folder, and operators' commands with and without it", async (t) => {
  await using server = await install({ empty: true });
  const { pid } = server.server.running;
  const place = ["--data-dir", server.dataDir];

  await t.step("a second server names the process that holds the folder", async () => {
    await using home = await temporaryHome();
    const args = ["serve", "--listen", "127.0.0.1:0", ...place];
    const { code, stdout, stderr } = await run(args, { env: home.env });
    assert.equal(code, EXIT.failure);
    assert.equal(stdout, "");
    assert.ok(stderr.includes(server.dataDir));
    assert.match(stderr, new RegExp(`in use by process ${pid}\\. Stop that server first`));
  });

  await t.step("only the owner may read folder, lock and control channel", async () => {
    if (Deno.build.os === "windows") return;
    const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
    assert.equal(await mode(server.dataDir), 0o700);
    assert.equal(await mode(join(server.dataDir, "database")), 0o700);
    assert.equal(await mode(join(server.dataDir, "control.json")), 0o600);
    const { url, secret } = JSON.parse(
      await Deno.readTextFile(join(server.dataDir, "control.json")),
    );
    const body = JSON.stringify({ operation: "listMatchingUsers", params: { limit: 10 } });
    for (const authorization of ["", `Bearer ${secret.slice(1)}`]) {
      const refused = await fetch(url, { method: "POST", headers: { authorization }, body });
      assert.equal(refused.status, 401);
      await refused.body?.cancel();
    }
  });

  const bob = { email: "bob@example.com", password: `${PASSWORD_MARK} to Bob` };
  const printed = async (...args: string[]) => {
    const { code, stdout, stderr } = await server.operate(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const commands = async () => {
    assert.match(await printed("migrate", "--status"), /0001_initial\t\d{4}-/);
    assert.match(await printed("admin", "keys", "list"), /ES256\tactive/);
    return await printed("admin", "user", "list");
  };

  await t.step("with a running server", async () => {
    await server.addUser(ALICE, "--admin");
    assert.match(await commands(), /alice@example\.com\t.*\tadmin\tenabled/);
    const id = /client_id: (\S+)/.exec(
      (await server.operate(["admin", "client", "add", "an API"])).stderr,
    )?.[1];
    assert.ok(id);
    assert.ok((await printed("admin", "client", "list")).includes(id));
    await printed("admin", "client", "remove", id);
    assert.ok(!(await printed("admin", "client", "list")).includes(id));
    const again = await server.operate(
      ["admin", "user", "add", ALICE.email, "--password-stdin"],
      { stdin: ALICE.password },
    );
    assert.equal(again.code, EXIT.failure);
    assert.match(again.stderr, /alice@example\.com/);
  });

  await t.step("without a running server", async () => {
    server.server.running.kill("SIGTERM");
    assert.equal((await server.server.running.ended).code, 0);
    await server.addUser(bob);
    assert.match(await commands(), /bob@example\.com/);
    await printed("admin", "user", "disable", ALICE.email, "--force");
  });

  await t.step("both see the same data", async () => {
    await server.restart();
    assert.equal(server.server.setupUrl, undefined);
    assert.match(
      await commands(),
      /alice@example\.com\t.*\tdisabled\b.*\nbob@example\.com\t.*\tenabled/,
    );
  });

  await t.step("before the first start", async () => {
    await using home = await temporaryHome();
    const dataDir = join(home.folder, "data");
    const added = await run(
      ["admin", "user", "add", bob.email, "--admin", "--password-stdin", "--data-dir", dataDir],
      { env: home.env, stdin: `${bob.password}\n` },
    );
    assert.equal(added.code, 0, added.stderr);
    assertNoSecrets("admin user add", added.stdout + added.stderr);
    await using first = await startServer({ dataDir, env: home.env });
    assert.equal(first.setupUrl, undefined);
  });
});
