/** Invariants: a start says what it waits for, has a deadline, and stops at the first signal. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run, start } from "../support/binary.ts";
import { createDatabase, startPostgres } from "../support/postgres.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const certificate = (file: string) =>
  fileURLToPath(new URL(`../support/certificate/${file}`, import.meta.url));

Deno.test("sslmode=require against a database without TLS fails immediately", async () => {
  await using home = await temporaryHome();
  await using database = await createDatabase();
  const url = `${database.url}?sslmode=require`;
  for (const args of [["serve", "--listen", "127.0.0.1:0"], ["serve", "--check"], ["migrate"]]) {
    const ended = await run([...args, "--database-url", url], { env: home.env });
    assert.equal(ended.code, EXIT.failure, ended.stderr);
    assert.match(ended.stderr, /sslmode=require/);
  }
});

Deno.test("connects to the database over TLS", async () => {
  await using home = await temporaryHome();
  await using database = await startPostgres("18", {
    tls: { certificate: certificate("cert.pem"), key: certificate("key.pem") },
  });
  const root = encodeURIComponent(certificate("cert.pem"));
  for (const query of ["sslmode=require", `sslmode=verify-full&sslrootcert=${root}`]) {
    const databaseUrl = `${database.url}?${query}`;
    await using server = await startServer({ dataDir: join(home.folder, "data"), databaseUrl });
    const answer = await fetch(`${server.issuer}/readyz`);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    const sql = postgres(database.url, { max: 1 });
    const sessions = await sql`
      select ssl from pg_stat_ssl join pg_stat_activity using (pid)
      where application_name = ${brand.binaryName}`;
    await sql.end();
    assert.ok(sessions.length > 0 && sessions.every(({ ssl }) => ssl === true));
  }
});

Deno.test({
  name: "the first signal stops every step of the start",
  // Windows has no SIGTERM to send.
  ignore: Deno.build.os === "windows",
  async fn(t) {
    await using home = await temporaryHome();
    const stops = async (url: string, signal: Deno.Signal, args: string[], waiting: RegExp) => {
      await using running = start([...args, "--database-url", url], {
        env: home.env,
      });
      await running.waitFor(waiting);
      running.kill(signal);
      const { code } = await running.ended;
      assert.equal(code, EXIT.interrupted);
    };
    const serve = ["serve", "--listen", "127.0.0.1:0"];

    await t.step("a database that does not respond", async () => {
      using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const url = `postgres://u:p@127.0.0.1:${silent.addr.port}/d`;
      await stops(url, "SIGINT", serve, /Still connecting/);
      await stops(url, "SIGTERM", serve, /Still connecting/);
      await stops(url, "SIGINT", ["admin", "user", "list"], /Still connecting/);
    });

    await t.step("the lock of another migration", async () => {
      await using database = await createDatabase();
      const other = postgres(database.url, { max: 1 });
      await other`select pg_advisory_lock(7225901)`;
      await stops(database.url, "SIGINT", serve, /Still migrating .*another process/);
      await stops(database.url, "SIGINT", ["migrate"], /Still migrating .*another process/);
      await other.end();
    });

    await t.step(
      "the creation of the embedded database, which is complete afterward",
      async () => {
        const dataDir = join(home.folder, "data");
        await using running = start([...serve, "--data-dir", dataDir], { env: home.env });
        await running.waitFor(/Preparing the database/);
        running.kill("SIGINT");
        const { code } = await running.ended;
        // Slow machines only: on a fast one it may have been ready at that moment.
        assert.ok(code === EXIT.interrupted || code === EXIT.ok);
        await using server = await startServer({ dataDir });
        assert.ok(server.setupUrl);
      },
    );
  },
});

Deno.test("serve and serve --check reject an address alike, and do not print it", async () => {
  await using home = await temporaryHome();
  const SECRET = "s3cr3t";
  const prefix = brand.envPrefix;
  const cases: Record<string, string>[] = ["#", "/", "?", "%"].flatMap((special) => [
    { [`${prefix}_DATABASE_URL`]: `postgres://u:${SECRET}${special}${SECRET}@db.example/d` },
    {
      [`${prefix}_SMTP_URL`]: `smtp://u:${SECRET}${special}${SECRET}@mail.example`,
      [`${prefix}_MAIL_FROM`]: "a@b.example",
    },
  ]);
  cases.push({ [`${prefix}_WEBHOOK_URL`]: `http://hooks.example/${SECRET}` });
  for (const env of cases) {
    const [name] = Object.keys(env);
    const setting = name.slice(prefix.length + 1).toLowerCase();
    for (const args of [["serve"], ["serve", "--check"]]) {
      const { code, stdout, stderr } = await run(args, { env: { ...home.env, ...env } });
      assert.equal(code, EXIT.usage, `${env[name]} ${stderr}`);
      assert.match(stderr, new RegExp(`- ${setting} \\(${name}\\): `));
      assert.ok(!(stdout + stderr).includes(SECRET), stdout + stderr);
    }
  }
});

Deno.test({
  name: "reports a full disk at the first start, and as not ready later",
  // Only an administrator of Linux can make a small disk.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using home = await temporaryHome();
    const disk = join(home.folder, "disk");
    await Deno.mkdir(disk);
    const mount = (...args: string[]) =>
      new Deno.Command(args[0], { args: args.slice(1) }).output();
    const mounted = await mount("mount", "-t", "tmpfs", "-o", "size=20m,mode=700", "tmpfs", disk);
    // A container may be denied it.
    if (!mounted.success) return;
    try {
      const serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", join(disk, "data")];
      const full = await run(serve, { env: home.env, timeoutMs: 60_000 });
      assert.equal(full.code, EXIT.failure);
      assert.match(full.stderr, /data\/database cannot be written: the disk is full/);
      await mount("mount", "-o", "remount,size=200m", disk);
      await using server = await startServer({ dataDir: join(disk, "data") });
      assert.ok(server.setupUrl);

      // Later, while it runs.
      const status = async (path: string, init?: RequestInit) => {
        const answer = await fetch(server.issuer + path, init);
        await answer.body?.cancel();
        return answer.status;
      };
      const login = () =>
        status("/oauth/device/authorize", {
          method: "POST",
          body: new URLSearchParams({ client_id: brand.cliClientId, scope: "openid" }),
        });
      assert.deepEqual([await status("/readyz"), await login()], [200, 200]);
      const filler = join(disk, "filler");
      await mount("dd", "if=/dev/zero", `of=${filler}`, "bs=64k");
      // The page that the table has is used up first.
      while (await login() === 200);
      assert.equal(await status("/readyz"), 503);
      await Deno.remove(filler);
      assert.deepEqual([await status("/readyz"), await login()], [200, 200]);
    } finally {
      await mount("umount", "-l", disk);
    }
  },
});
