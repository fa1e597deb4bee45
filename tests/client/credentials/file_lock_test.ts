import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ClientError } from "../../../client/errors.ts";
import { withFileLock } from "../../../client/credentials/file_lock.ts";
import { EXIT } from "../../../shared/exit_codes.ts";

const program = fileURLToPath(new URL("./lock_process.ts", import.meta.url));

function lockProcess(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-all", program, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

async function holder(path: string): Promise<Deno.ChildProcess> {
  const child = lockProcess(path, "hold");
  const reader = child.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "held\n");
  reader.releaseLock();
  return child;
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "lock-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.stdout.cancel();
  await child.status;
}

Deno.test("loses no change of processes that hold the lock", () =>
  withFolder(async (folder) => {
    const file = join(folder, "number");
    await Deno.writeTextFile(file, "0");
    const children = Array.from(
      { length: 6 },
      () => lockProcess(join(folder, "locks", "a.lock"), "count", file, "20"),
    );
    for (const { code } of await Promise.all(children.map((child) => child.output()))) {
      assert.equal(code, 0);
    }
    assert.equal(await Deno.readTextFile(file), "120");
  }));

Deno.test("releases the lock of a process killed by SIGKILL immediately", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.lock");
    const child = await holder(path);
    const { signal } = new AbortController();
    const waiting = withFileLock(path, { signal, waitMs: 20_000 }, () => Promise.resolve("mine"));
    await end(child);
    assert.equal(await waiting, "mine");
  }));

Deno.test("reports a lock that is not released in time as a temporary failure", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.lock");
    const child = await holder(path);
    try {
      const { signal } = new AbortController();
      await assert.rejects(
        withFileLock(path, { signal, waitMs: 100 }, () => assert.fail("got in")),
        (error) => error instanceof ClientError && error.exitCode === EXIT.temporaryFailure,
      );
    } finally {
      await end(child);
    }
  }));

Deno.test("stops waiting for the lock on Ctrl-C", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.lock");
    const child = await holder(path);
    try {
      const controller = new AbortController();
      const waiting = withFileLock(
        path,
        { signal: controller.signal },
        () => assert.fail("got in"),
      );
      controller.abort();
      await assert.rejects(waiting, { name: "AbortError" });
    } finally {
      await end(child);
    }
  }));

Deno.test("serializes tasks of one process, and releases the lock after a failure", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.lock");
    const { signal } = new AbortController();
    const order: string[] = [];
    const task = (name: string) =>
      withFileLock(path, { signal }, async () => {
        order.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 10));
        order.push(`${name} out`);
        throw new Error(name);
      });
    const results = await Promise.allSettled([task("a"), task("b")]);
    assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
    const [first, second] = order[0] === "a in" ? ["a", "b"] : ["b", "a"];
    assert.deepEqual(order, [`${first} in`, `${first} out`, `${second} in`, `${second} out`]);
  }));
