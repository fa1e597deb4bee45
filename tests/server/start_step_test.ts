import assert from "node:assert/strict";
import { withBackOff } from "../../server/back_off.ts";
import { StartInterrupted, startStep, StartTimeout } from "../../server/start_step.ts";

const never = () => new Promise<never>(() => {});

function io(stop = new AbortController()) {
  const written: string[] = [];
  return { stop, written, signal: stop.signal, stderr: (text: string) => void written.push(text) };
}

Deno.test("aborts a step at its deadline, naming what it waited for", async () => {
  const step = { doing: "waiting for Godot", seconds: 0.1, advice: "Look under the tree." };
  let aborted = false;
  await assert.rejects(
    startStep(io(), step, (signal, onWait) => {
      signal.addEventListener("abort", () => aborted = true);
      onWait("he does not come");
      return never();
    }),
    (error) => error instanceof StartTimeout && /Godot.*he does not come.*tree/.test(error.message),
  );
  assert.equal(aborted, true);
});

Deno.test("names a step that takes long, and aborts it at the first signal", async () => {
  const { stop, written, ...own } = io();
  const step = { doing: "waiting for Godot", seconds: 60, advice: "" };
  const running = startStep(
    {
      ...own,
      stderr: (text) => {
        written.push(text);
        stop.abort();
      },
    },
    step,
    never,
  );
  await assert.rejects(running, StartInterrupted);
  assert.match(written.join(""), /Still waiting for Godot/);
  await assert.rejects(startStep(own, step, () => Promise.resolve()), StartInterrupted);
});

Deno.test("repeats attempts after growing pauses, which a signal aborts", async () => {
  const stop = new AbortController();
  const times: number[] = [];
  const attempt = () => {
    times.push(performance.now());
    if (times.length === 4) stop.abort(new Error("stopped"));
    return Promise.reject(new Error("not yet"));
  };
  const running = withBackOff(attempt, () => true, stop.signal, { first: 10, longest: 3_600_000 });
  await assert.rejects(running, /stopped/);
  assert.equal(times.length, 4);
  // The third pause of 10, 20 and 40 ms.
  assert.ok(times[3] - times[2] > 35);
  await assert.rejects(withBackOff(attempt, () => false, new AbortController().signal), /not yet/);
});
