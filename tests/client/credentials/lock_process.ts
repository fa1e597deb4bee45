/**
 * A process that uses the lock at PATH: `lock_process.ts PATH hold` takes it, says so
 * and keeps it until it is killed; `lock_process.ts PATH count FILE TIMES` adds one
 * to the number in FILE under the lock, so many times.
 */
import { setTimeout as pause } from "node:timers/promises";
import { withFileLock } from "../../../client/credentials/file_lock.ts";

const [path, task, file, times] = Deno.args;
const { signal } = new AbortController();

if (task === "hold") {
  await withFileLock(path, { signal }, async () => {
    await Deno.stdout.write(new TextEncoder().encode("held\n"));
    await pause(600_000);
  });
} else {
  for (let time = 0; time < Number(times); time++) {
    await withFileLock(path, { signal }, async () => {
      const number = Number(await Deno.readTextFile(file));
      await Deno.writeTextFile(file, String(number + 1));
    });
  }
}
