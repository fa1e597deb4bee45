/** `serve --workers`: several processes on one port that behave like one server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { EXIT } from "../../shared/exit_codes.ts";
import { run, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { createDatabase } from "../support/postgres.ts";
import { promtool } from "../support/prometheus.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const onLinux = Deno.build.os === "linux";

Deno.test({
  name: "serves with several processes on one port, and replaces one that is killed",
  ignore: !onLinux,
  async fn() {
    await using cleanUp = new AsyncDisposableStack();
    const home = cleanUp.use(await temporaryHome());
    const { url: databaseUrl } = cleanUp.use(await createDatabase());
    const sql = postgres(databaseUrl, { max: 1 });
    cleanUp.defer(() => sql.end());
    const dataDir = join(home.folder, "data");
    const server = cleanUp.use(
      await startServer({
        dataDir,
        databaseUrl,
        args: ["--workers", "2", "--log-format", "text", "--metrics-listen", "127.0.0.1:0"],
      }),
    );
    const { running, issuer, port } = server;
    const workers = () =>
      sql<{ pid: number; worker: number }[]>`select pid, worker from replicas order by worker`;
    const numbers = async () => (await workers()).map(({ worker }) => worker);
    assert.deepEqual(await numbers(), [1, 2]);
    // One set of messages, and one link.
    const output = running.stdout();
    assert.equal(output.match(/Press Ctrl-C/g)?.length, 1, output);
    assert.equal(output.match(/\/setup\?token=/g)?.length, 1);
    assert.match(output, /Workers +2/);
    assert.match(output, /Migrated/);
    assert.equal((await sql`select 1 from setup_links`).length, 1);

    const [, metricsUrl] = /Metrics +(\S+)/.exec(output)!;
    const metrics = async () => await (await fetch(metricsUrl)).text();
    for (const worker of [1, 2]) {
      assert.match(await metrics(), new RegExp(`_build_info\\{worker="${worker}",version=`));
    }
    await promtool(["check", "metrics"], await metrics());

    // A second server may not share the port without notice.
    const other = await run(
      ["serve", "--workers", "2", "--listen", `127.0.0.1:${port}`, "--database-url", databaseUrl],
      { env: home.env },
    );
    assert.equal(other.code, EXIT.failure);
    assert.match(other.stderr, /is in use by/);

    const [{ pid }] = await workers();
    Deno.kill(pid, "SIGKILL");
    await running.waitFor(/worker_exited .*worker=1/);
    for (let count = 0; count < 20; count++) {
      assert.equal((await fetch(`${issuer}/readyz`)).status, 200);
    }
    await running.waitFor(/worker_started .*worker=1/);
    await eventually("a new process", async () => {
      const rows = await workers();
      return rows.some((row) => row.worker === 1 && row.pid !== pid);
    });
    assert.match(await metrics(), /_build_info\{worker="1",version=/);

    running.kill("SIGTERM");
    assert.equal((await running.ended).code, EXIT.ok);
    // Only the row of the killed one is left.
    assert.deepEqual((await workers()).map((row) => row.pid), [pid]);

    // Without their parent, workers stop.
    await sql`delete from replicas`;
    const next = cleanUp.use(
      await startServer({ dataDir, databaseUrl, port, args: ["--workers", "2"] }),
    );
    assert.deepEqual(await numbers(), [1, 2]);
    next.running.kill("SIGKILL");
    await eventually("no workers", async () => (await workers()).length === 0);
  },
});

Deno.test({
  name: "reports why workers cannot start",
  ignore: !onLinux,
  async fn() {
    await using home = await temporaryHome();
    const embedded = await run(
      ["serve", "--workers", "2", "--data-dir", join(home.folder, "data")],
      { env: home.env },
    );
    assert.equal(embedded.code, EXIT.usage);
    assert.match(embedded.stderr, /^ {2}- workers \(--workers\): .*database_url/m);
    const url = "postgres://u:p@127.0.0.1:1/db?connect_timeout=1";
    await using unreachable = start(
      ["serve", "--workers", "2", "--listen", `127.0.0.1:${freePort()}`, "--database-url", url],
      { env: home.env },
    );
    const { code, stderr } = await unreachable.ended;
    assert.equal(code, EXIT.failure);
    assert.match(stderr, /cannot connect to the database[^]*worker 1 did not start/);
  },
});
