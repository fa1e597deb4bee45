/**
 * Writes the prepared database to the file that the only argument names. It has its own process,
 * because initdb takes the time and random numbers for the system identifier and others: here the
 * clock stands still and the numbers repeat, so that the same sources give the same files. Each
 * server's keys are created later, at its first start, with real random numbers.
 */
import nodeCrypto from "node:crypto";
import { preparedDatabase } from "./prepared_database.ts";

const START_MS = Date.UTC(2026, 0, 1);

let time = 0;
/** PostgreSQL waits for the time to change, so it advances by a microsecond with each look. */
const elapsed = () => (time += 0.001);
performance.now = elapsed;
Date.now = () => Math.floor(START_MS + elapsed());

let state = 1;
const fill = <T extends ArrayBufferView | null>(array: T): T => {
  if (array === null) return array;
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  // A linear congruential generator (Numerical Recipes): nothing secret depends on it.
  for (let index = 0; index < bytes.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return array;
};
crypto.getRandomValues = fill;
// Emscripten's source of random numbers.
Object.assign(nodeCrypto, { randomFillSync: fill });

await Deno.writeFile(Deno.args[0], await preparedDatabase());
