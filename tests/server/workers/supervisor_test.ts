import assert from "node:assert/strict";
import {
  superviseWorkers,
  type SupervisorOptions,
  WorkerError,
} from "../../../server/workers/supervisor.ts";
import type { WorkerExit } from "../../../server/workers/worker_process.ts";
import { startedLine, workerRole } from "../../../server/workers/worker_role.ts";
import { eventually } from "../../support/eventually.ts";

interface FakeWorker {
  worker: number;
  signals: string[];
  write(text: string): void;
  exit(exit: WorkerExit): void;
}

/** Worker processes that do what a test says. */
function fakeWorkers({ serves = (_worker: number): boolean => true, noise = "" } = {}) {
  const workers: FakeWorker[] = [];
  const lines: string[] = [];
  const logged: string[] = [];
  const deps = {
    startWorker(env: Record<string, string>) {
      const { worker } = workerRole(env)!;
      const exited = Promise.withResolvers<WorkerExit>();
      const streams = [0, 1].map(() => new TransformStream<Uint8Array, Uint8Array>());
      const [output, errors] = streams.map(({ writable }) => writable.getWriter());
      const exit = (exit: WorkerExit) => {
        for (const writer of [output, errors]) writer.close().catch(() => {});
        exited.resolve(exit);
      };
      const signals: string[] = [];
      const encode = (text: string) => new TextEncoder().encode(text);
      workers.push({ worker, signals, exit, write: (text) => void errors.write(encode(text)) });
      if (serves(worker)) {
        const started = { issuer: "http://x", storage: "db", migrated: [] };
        void output.write(encode(`${noise}${startedLine(started)}`));
      } else exit({ code: 3, signal: null });
      return {
        stdout: streams[0].readable,
        stderr: streams[1].readable,
        exit: exited.promise,
        kill(signal: string) {
          signals.push(signal);
          if (signal !== "SIGHUP") exit({ code: 0, signal: null });
        },
      };
    },
    stderr: (line: string) => void lines.push(line),
    log: (_level: string, event: string, fields: Record<string, unknown> = {}) =>
      void logged.push(`${event} ${fields.worker}`),
  };
  return { workers, lines, logged, deps };
}

const OPTIONS: SupervisorOptions = { count: 3, port: 8787, stopMs: 1000, firstPauseMs: 1 };

Deno.test("starts the first worker before the others, and stops all", async () => {
  const { workers, deps } = fakeWorkers();
  const supervisor = await superviseWorkers(deps, OPTIONS);
  assert.equal(supervisor.started.issuer, "http://x");
  assert.deepEqual(workers.map(({ worker }) => worker), [1, 2, 3]);
  supervisor.reload();
  await supervisor.stop();
  assert.ok(workers.every(({ signals }) => signals.join() === "SIGHUP,SIGTERM"));
});

Deno.test("starts a worker again that has exited", async () => {
  const { workers, logged, deps } = fakeWorkers();
  const supervisor = await superviseWorkers(deps, { ...OPTIONS, stableMs: 0 });
  for (let count = 0; count < 10; count++) {
    workers.findLast(({ worker }) => worker === 2)!.exit({ code: 1, signal: "SIGKILL" });
    await eventually("a restart", () => workers.length === 4 + count);
    await eventually("a log line", () => logged.length === 2 * (count + 1));
  }
  assert.deepEqual(logged.slice(0, 2), ["worker_exited 2", "worker_started 2"]);
  await supervisor.stop();
  assert.equal(workers.length, 13);
});

Deno.test("gives up on a worker that exits again and again", async () => {
  let healthy = true;
  const { workers, deps } = fakeWorkers({ serves: (worker) => healthy || worker !== 2 });
  const supervisor = await superviseWorkers(deps, OPTIONS);
  healthy = false;
  workers[1].exit({ code: 1, signal: null });
  await assert.rejects(supervisor.failed, WorkerError);
  await supervisor.stop();
  assert.equal(workers.filter(({ worker }) => worker === 2).length, 5);
});

Deno.test("reports a worker that does not start, with its exit code", async () => {
  const { workers, deps } = fakeWorkers({ serves: (worker) => worker < 2 });
  await assert.rejects(superviseWorkers(deps, OPTIONS), (error) => {
    assert.ok(error instanceof WorkerError);
    assert.equal(error.exitCode, 3);
    return true;
  });
  assert.deepEqual(workers[0].signals, ["SIGTERM"]);
});

Deno.test("passes on whole lines of all workers", async () => {
  const { workers, lines, deps } = fakeWorkers();
  const supervisor = await superviseWorkers(deps, OPTIONS);
  workers[0].write("one ");
  workers[1].write("two\nthree\nrest");
  workers[0].write("line\n");
  await eventually("three lines", () => lines.length === 3);
  assert.deepEqual(lines.toSorted(), ["one line\n", "three\n", "two\n"]);
  await supervisor.stop();
  assert.equal(lines[3], "rest\n");
});

Deno.test("passes on what a worker prints besides", async () => {
  const { lines, deps } = fakeWorkers({ noise: "a warning\n{}\nnull\n" });
  const supervisor = await superviseWorkers(deps, { ...OPTIONS, count: 1 });
  assert.equal(supervisor.started.issuer, "http://x");
  assert.deepEqual(lines, ["a warning\n", "{}\n", "null\n"]);
  await supervisor.stop();
});
