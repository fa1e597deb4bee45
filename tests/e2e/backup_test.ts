/** Backups, restores and moves of the compiled program: while it serves, killed, and on a full disk. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { openDatabase } from "../../server/store/db/connect.ts";
import { run, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install, type Installation } from "../support/installation.ts";
import { createDatabase } from "../support/postgres.ts";
import { attachStrace } from "../support/strace.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { PASSWORD_MARK } from "../support/assert_no_secrets.ts";

const ROWS = 100_000;
/** What the memory of a backup or a restore may grow by with those rows, in KB. */
const MEMORY_KB = 150_000;

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "backup-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Requests that use the database, one after the other, until it is disposed. */
function load(server: Installation) {
  let [isStopped, answered] = [false, 0];
  const running = (async () => {
    while (!isStopped) {
      const response = await fetch(`${server.issuer}/readyz`);
      await response.body?.cancel();
      if (response.status === 200) answered++;
    }
  })();
  return {
    answered: () => answered,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await running;
    },
  };
}

Deno.test("a backup is taken while the server answers, and a server starts on what is restored", async () => {
  await using folder = await temporaryFolder();
  await using server = await install();
  const file = join(folder.path, "auth.backup");
  const key = join(folder.path, "key.txt");
  const keygen = await new Deno.Command("age-keygen", { args: ["-o", key] }).output();
  const recipient = /age1\w+/.exec(new TextDecoder().decode(keygen.stderr))![0];
  {
    await using requests = load(server);
    await eventually("requests", () => requests.answered() > 5);
    const before = requests.answered();
    const backup = await server.operate(["admin", "backup", file, "--recipient", recipient]);
    assert.equal(backup.code, EXIT.ok, backup.stderr);
    assert.ok(requests.answered() > before);
  }
  assert.deepEqual([...Deno.readDirSync(join(server.dataDir, "snapshots"))], []);
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  // The age program decrypts it too.
  const age = await new Deno.Command("age", { args: ["-d", "-i", key, file] }).output();
  assert.ok(age.success);
  const plain = new TextDecoder("latin1").decode(age.stdout);
  assert.ok(plain.startsWith(`${brand.binaryName} backup 1\n`));

  const identity = ["--identity", key];
  const verified = await run(["admin", "restore", file, "--verify", ...identity]);
  assert.equal(verified.code, EXIT.ok, verified.stderr);
  const held = await server.operate(["admin", "restore", file, "--force", ...identity]);
  assert.equal(held.code, EXIT.failure);
  assert.match(held.stderr, /in use by process \d+/);

  await using home = await temporaryHome();
  const dataDir = join(folder.path, "restored");
  const restored = await run(["admin", "restore", file, ...identity, "--data-dir", dataDir]);
  assert.equal(restored.code, EXIT.ok, restored.stderr);
  await using second = await startServer({ dataDir, port: 0, env: home.env });
  const users = await run(["admin", "user", "list", "--data-dir", dataDir], { env: home.env });
  assert.ok(users.stdout.includes(ALICE.email));
  const [, since, place] = /revoke-since (\S+) --data-dir (\S+)/.exec(restored.stderr)!;
  assert.equal(place, dataDir);
  const ended = await run(
    ["admin", "revoke-since", since, "--all-logins", "--apply", "--data-dir", place],
    { env: home.env },
  );
  assert.equal(ended.code, EXIT.ok, ended.stderr);
  await second[Symbol.asyncDispose]();
});

Deno.test("kill -9 of the backup or of its server leaves no half backup", async () => {
  await using folder = await temporaryFolder();
  await using server = await install();
  const place = ["--data-dir", server.dataDir];
  const complete = async (file: string) => {
    if (!await exists(file)) return false;
    const { code, stderr } = await run(["admin", "restore", file, "--verify"]);
    assert.equal(code, EXIT.ok, stderr);
    return true;
  };
  for (const delay of [400, 1200]) {
    const file = join(folder.path, `killed-${delay}`);
    await using command = start(["admin", "backup", file, ...place], { stdin: "" });
    await new Promise((resolve) => setTimeout(resolve, delay));
    command.kill("SIGKILL");
    await command.ended;
    await complete(file);
  }
  const file = join(folder.path, "server-killed");
  await using command = start(["admin", "backup", file, ...place], { stdin: "" });
  await eventually("a copy", () => exists(join(server.dataDir, "snapshots")));
  await server.kill();
  const { code } = await command.ended;
  assert.equal(await complete(file), code === EXIT.ok);
  await server.restart();
  const last = join(folder.path, "last");
  const backup = await server.operate(["admin", "backup", last]);
  assert.equal(backup.code, EXIT.ok, backup.stderr);
  assert.ok(await complete(last));
  // What killed commands have left is gone.
  assert.deepEqual([...Deno.readDirSync(join(server.dataDir, "snapshots"))], []);
});

Deno.test("kill -9 of a restore at each rename leaves the database of before or of after", async () => {
  await using folder = await temporaryFolder();
  await using server = await install();
  const file = join(folder.path, "auth.backup");
  assert.equal((await server.operate(["admin", "backup", file])).code, EXIT.ok);
  const late = "late@example.com";
  await server.addUser({ email: late, password: `${PASSWORD_MARK} late` });
  await server.kill();
  const place = ["--data-dir", server.dataDir];
  const renames = "rename,renameat,renameat2";
  let last: string[] = [];
  for (let count = 1; count <= 5; count++) {
    await using command = start(["admin", "restore", file, "--force", ...place], { stdin: "" });
    await using _trace = await attachStrace(command.pid, renames, {
      killAt: `${renames}:when=${count}`,
    });
    const { code } = await command.ended;
    const { stdout, stderr } = await run(["admin", "user", "list", ...place]);
    assert.ok(stdout.includes(ALICE.email), `after rename ${count}: ${stderr}`);
    last = stdout.split("\n").filter((line) => line.includes("@"));
    if (code === EXIT.ok) break;
  }
  assert.equal(last.length, 1);
  await server.restart();
});

/** Only root can mount. */
async function smallDisk(
  size: string,
): Promise<(AsyncDisposable & { path: string }) | undefined> {
  const path = await Deno.makeTempDir({ prefix: "small-disk-" });
  const mounted = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path],
  }).output().catch(() => undefined);
  if (!mounted?.success) return undefined;
  return {
    path,
    async [Symbol.asyncDispose]() {
      await new Deno.Command("umount", { args: [path] }).output();
      await Deno.remove(path);
    },
  };
}

/** Adds rows while no server has the database open. */
async function addRows(dataDir: string, rows: number): Promise<void> {
  const { sql, close } = await openDatabase({ dataDir });
  await sql`
    insert into failed_attempts (id, kind, subject, failed_at)
    select gen_random_uuid(), 'password', repeat(md5(i::text), 4), now()
    from generate_series(1, ${rows}) i`;
  await close();
}

Deno.test("a full disk leaves no half backup and no damaged database", async () => {
  await using disk = await smallDisk("1m");
  if (disk === undefined) return;
  await using server = await install();
  const small = join(disk.path, "auth.backup");
  await server.kill();
  await addRows(server.dataDir, ROWS);
  await server.restart();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "auth.backup");
  const full = await server.operate(["admin", "backup", small]);
  assert.equal(full.code, EXIT.failure);
  assert.match(full.stderr, /disk is full/);
  assert.deepEqual([...Deno.readDirSync(disk.path)], []);
  assert.equal((await server.operate(["admin", "backup", file])).code, EXIT.ok);

  const dataDir = join(disk.path, "data");
  const restored = await run(["admin", "restore", file, "--data-dir", dataDir]);
  assert.equal(restored.code, EXIT.failure);
  assert.match(restored.stderr, /full/);
  assert.ok(!await exists(join(dataDir, "database")));
});

/** The most memory that a command had, in KB; it must succeed. */
async function peakMemory(args: string[]): Promise<number> {
  await using command = start(args, { stdin: "" });
  let peak = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const status = await Deno.readTextFile(`/proc/${command.pid}/status`).catch(() => "");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const { code, stderr } = await command.ended;
  isDone = true;
  await watching;
  assert.equal(code, EXIT.ok, stderr);
  return peak;
}

Deno.test("100,000 rows are backed up, restored and moved in bounded memory, and a move survives kill -9", async () => {
  await using folder = await temporaryFolder();
  await using server = await install();
  await server.kill();
  const place = ["--data-dir", server.dataDir];
  const [few, many] = [join(folder.path, "few"), join(folder.path, "many")];
  const small = await peakMemory(["admin", "backup", few, ...place]);
  const smallRestore = await peakMemory([
    ...["admin", "restore", few, "--data-dir", join(folder.path, "a")],
  ]);
  await addRows(server.dataDir, ROWS);
  const large = await peakMemory(["admin", "backup", many, ...place]);
  const largeRestore = await peakMemory([
    ...["admin", "restore", many, "--data-dir", join(folder.path, "b")],
  ]);
  assert.ok(large - small < MEMORY_KB, `backup: ${small} KB and ${large} KB`);
  assert.ok(largeRestore - smallRestore < MEMORY_KB, `${smallRestore} KB and ${largeRestore} KB`);

  await using database = await createDatabase();
  const urlFile = join(folder.path, "url");
  await Deno.writeTextFile(urlFile, database.url, { mode: 0o600 });
  const move = ["admin", "move-to", ...place, "--database-url-file", urlFile];
  for (const delay of [2000, 4000]) {
    await using command = start(move, { stdin: "" });
    await new Promise((resolve) => setTimeout(resolve, delay));
    command.kill("SIGKILL");
    const { code } = await command.ended;
    if (code === EXIT.ok) break;
    // Neither a server nor a command uses what is incomplete.
    const users = await run(["admin", "user", "list"], {
      env: { [`${brand.envPrefix}_DATABASE_URL`]: database.url },
    });
    assert.notEqual(users.code, EXIT.ok);
  }
  const moved = await run(move);
  const isMoved = moved.code === EXIT.ok || /was moved to/.test(moved.stderr);
  assert.ok(isMoved, moved.stderr);
  const users = await run(["admin", "user", "list"], {
    env: { [`${brand.envPrefix}_DATABASE_URL`]: database.url },
  });
  assert.ok(users.stdout.includes(ALICE.email), users.stderr);
  const old = await run(["admin", "user", "list", ...place]);
  assert.equal(old.code, EXIT.failure);
  assert.match(old.stderr, /was moved to .* delete .*moved\.json/s);
});
