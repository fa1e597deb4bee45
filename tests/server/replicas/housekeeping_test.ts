/** Periodic tasks: one replica runs each, in small batches, and another one takes over. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { periodicTasks, runPeriodicTasks } from "../../../server/periodic_tasks.ts";
import { BATCH_SIZE, runInBatches } from "../../../server/replicas/batches.ts";
import {
  type HousekeepingTask,
  runDueTasks,
  startHousekeeping,
} from "../../../server/replicas/housekeeping.ts";
import { createMetrics } from "../../../server/telemetry/metrics.ts";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { deleteOldFailedAttempts } from "../../../server/store/failed_attempts.ts";
import { claimTask, listDueTasks, listTasks } from "../../../server/store/housekeeping.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { testServer } from "../../support/test_server.ts";

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

function replica(sql: Sql) {
  const logged: string[] = [];
  const id = randomUUID();
  return {
    sql,
    metrics: createMetrics(),
    replica: { id, name: id },
    logged,
    log: (_level: string, event: string, fields: Record<string, unknown> = {}) => {
      logged.push(`${event} ${fields.task}`);
    },
  };
}

/** Counts its runs. */
function countedTask(name: string, everyMs = HOUR_MS) {
  const task = { name, everyMs, runs: 0, run: () => Promise.resolve(++task.runs) };
  return task;
}

testOnEachDatabase("runs each task on one of two replicas, once per interval", async (location) => {
  const { sql, close } = await openDatabase(location);
  const [first, second] = [replica(sql), replica(sql)];
  const tasks = ["one", "two", "three"].map((name) => countedTask(name));
  for (let round = 0; round < 2; round++) {
    await Promise.all([first, second].map((deps) => runDueTasks(deps, tasks, never)));
  }
  assert.deepEqual(tasks.map(({ runs }) => runs), [1, 1, 1]);
  const stored = await listTasks(sql);
  assert.deepEqual(stored.map(({ task, rows }) => [task, rows]), [
    ...[["one", 1], ["three", 1], ["two", 1]],
  ]);
  assert.ok(stored.every(({ holder, error, succeededAt }) => !holder && !error && succeededAt));
  // What is due again runs again.
  await sql`update housekeeping set finished_at = now() - interval '2 hours' where task = 'two'`;
  await runDueTasks(second, tasks, never);
  assert.deepEqual(tasks.map(({ runs }) => runs), [1, 2, 1]);
  const counted = [first, second].flatMap(({ metrics }) => metrics.housekeepingRuns.collect());
  const succeeded = counted.filter(({ labels }) => labels.result === "succeeded");
  assert.equal(succeeded.reduce((sum, { value }) => sum + value, 0), 4);
  // After the clock of the database was set back.
  await sql`update housekeeping set finished_at = now() + interval '2 hours' where task = 'one'`;
  await runDueTasks(second, tasks, never);
  assert.deepEqual(tasks.map(({ runs }) => runs), [2, 2, 1]);
  await close();
});

testOnEachDatabase("replaces a replica that was killed while it ran a task", async (location) => {
  const { sql, close } = await openDatabase(location);
  const survivor = replica(sql);
  const killed = randomUUID();
  const task = countedTask("swept");
  const lease = { task: "swept", holder: killed, everyMs: HOUR_MS };
  assert.equal(await claimTask(sql, { ...lease, leaseMs: 60_000 }), true);
  await runDueTasks(survivor, [task], never);
  assert.equal(task.runs, 0);
  assert.equal((await listTasks(sql))[0].holder, killed);
  // The lease expires, since nothing renews it.
  await sql`update housekeeping set lease_until = now() - interval '1 second'`;
  await runDueTasks(survivor, [task], never);
  assert.equal(task.runs, 1);
  assert.equal((await listTasks(sql))[0].holder, undefined);
  await close();
});

testOnEachDatabase(
  "renews the lease of a long task, and stops one that lost it",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    const [holder, other] = [replica(sql), replica(sql)];
    const started = Promise.withResolvers<AbortSignal>();
    const long: HousekeepingTask = {
      name: "long",
      everyMs: HOUR_MS,
      run(signal) {
        started.resolve(signal);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(7)));
      },
    };
    const running = runDueTasks(holder, [long], never, 600);
    const signal = await started.promise;
    const leaseUntil = async () => {
      const [{ until }] = await sql<{ until: Date }[]>`
      select lease_until as until from housekeeping`;
      return until.getTime();
    };
    const first = await leaseUntil();
    await eventually("a renewed lease", async () => (await leaseUntil()) > first);
    assert.equal(signal.aborted, false);
    // As after a pause that was longer than the lease.
    await sql`update housekeeping set holder = ${other.replica.id}, lease_until = now() + interval '1 hour'`;
    await running;
    assert.equal(signal.aborted, true);
    const [task] = await listTasks(sql);
    assert.deepEqual([task.holder, task.finishedAt], [other.replica.id, undefined]);
    await close();
  },
);

testOnEachDatabase(
  "stops between two batches at shutdown, and leaves the task due",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    const stopped = new AbortController();
    let batches = 0;
    const endless: HousekeepingTask = {
      name: "endless",
      everyMs: HOUR_MS,
      run: (signal) =>
        runInBatches((limit) => {
          if (++batches === 3) stopped.abort();
          return Promise.resolve(limit);
        }, signal),
    };
    const next = countedTask("next");
    await runDueTasks(replica(sql), [endless, next], stopped.signal);
    assert.deepEqual([batches, next.runs], [3, 0]);
    assert.deepEqual(await listDueTasks(sql, [endless, next]), ["endless", "next"]);
    const deps = replica(sql);
    const housekeeping = startHousekeeping(
      deps,
      (signal) => runDueTasks(deps, [endless], signal),
    );
    await housekeeping.stop();
    assert.equal(batches, 3);
    await close();
  },
);

testOnEachDatabase("deletes 100,000 old rows in small batches", async (location) => {
  const { sql, close } = await openDatabase(location);
  await sql`
    insert into failed_attempts (id, kind, subject, failed_at)
    select gen_random_uuid(), 'test', 'test', '2020-01-01' from generate_series(1, 100000)`;
  const batches: number[] = [];
  const rows = await runInBatches(async (limit) => {
    assert.equal(limit, BATCH_SIZE);
    const deleted = await deleteOldFailedAttempts(sql, new Date("2020-01-02"), limit);
    batches.push(deleted);
    return deleted;
  }, never);
  assert.equal(rows, 100_000);
  assert.equal(batches.length, 101);
  assert.ok(batches.every((count) => count <= 1000));
  await close();
});

testOnEachDatabase("does the other tasks even if one fails", async (location) => {
  await using server = await testServer(location);
  const { parts, clock } = server;
  const active = async () => (await parts.keys.active()).kid;
  const first = await active();
  await parts.sql`alter table failed_attempts rename to failed_attempts_elsewhere`;
  const { logged, log, replica: { id } } = replica(parts.sql);
  clock.advance({ seconds: parts.config.keyRotation });
  const deps = { ...parts, log, replica: { id, name: id } };
  await runDueTasks(deps, periodicTasks(deps), never);
  assert.deepEqual(logged, ["periodic_task_failed delete_old_failed_attempts"]);
  clock.advance({ minutes: 15 });
  assert.notEqual(await active(), first);
  const tasks = await listTasks(parts.sql);
  assert.equal(tasks.length, periodicTasks(deps).length);
  assert.deepEqual(
    tasks.filter(({ error }) => error !== undefined).map(({ task }) => task),
    ["delete_old_failed_attempts"],
  );
});

testOnEachDatabase("deletes nothing by a clock that has jumped", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const { log, logged, replica: { id } } = replica(sql);
  const deps = { ...server.parts, log, replica: { id, name: id } };
  const now = Date.now();
  // It was revoked on another replica, and would be valid for an hour.
  await sql`
    insert into revoked_access_tokens (jti, expires_at)
    values ('revoked', ${new Date(now + HOUR_MS)})`;
  const run = async () => {
    await sql`update housekeeping set finished_at = null`;
    await runPeriodicTasks(deps, never);
    return (await sql`select from revoked_access_tokens`).length;
  };
  for (const jump of [400 * 24 * HOUR_MS, 3 * 24 * HOUR_MS, -HOUR_MS]) {
    server.clock.set(now + jump);
    assert.equal(await run(), 1);
  }
  assert.deepEqual(logged, Array(3).fill("clock_differs undefined"));
  assert.deepEqual(await listTasks(sql), []);
  server.clock.set(now + 60_000);
  await run();
  assert.ok((await listTasks(sql)).length > 0);
});
