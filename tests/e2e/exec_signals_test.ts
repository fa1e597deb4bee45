/** `exec` and signals: its program gets each exactly once, sent to either process or the group. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { binaryPath, type RunOptions, start } from "../support/binary.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const TOKEN = { [`${brand.envPrefix}_TOKEN`]: "a-token" };
const COUNTED = ["INT", "QUIT", "TERM", "HUP", "USR1", "USR2"];

/** A program that reports each signal, and ends when its input does. */
const COUNTING = [
  ...COUNTED.map((name) => `trap 'echo "<${name}>"' ${name}`),
  // Its parent is the process under test.
  'echo "ready $PPID"',
  'until [ -e "$1" ]; do sleep 0.02; done',
].join("\n");

async function counting(
  command: (script: string, end: string) => [args: string[], options: RunOptions, program?: string],
) {
  const home = await temporaryHome();
  const [script, end] = ["count.sh", "end"].map((name) => join(home.folder, name));
  await Deno.writeTextFile(script, COUNTING);
  const [args, options, program] = command(script, end);
  const running = start(args, { ...options, env: { ...home.env, ...TOKEN } }, program);
  const [, pid] = await running.waitFor(/ready (\d+)/);
  const count = (name: string) => running.stdout().split(`<${name}>`).length - 1;
  return {
    running,
    pid: Number(pid),
    /** Waits until the program has had `name` so many times. */
    had: (name: string, times: number) =>
      running.waitFor(new RegExp(`(?:<${name}>[^]*){${times}}`)).then(() =>
        assert.equal(count(name), times, running.stdout())
      ),
    count,
    end: () => Deno.writeTextFile(end, ""),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

Deno.test({
  name: "without a terminal, forwards every signal for exec's pid to the program once",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using program = await counting((script, end) => [["exec", "--", "sh", script, end], {}]);
    for (const name of COUNTED) {
      Deno.kill(program.pid, `SIG${name}` as Deno.Signal);
      await program.had(name, 1);
    }
    await program.end();
    const { stdout } = await program.running.ended;
    assert.equal(stdout.split("<").length - 1, COUNTED.length, stdout);
  },
});

Deno.test({
  name: "in a terminal, the program gets Ctrl-C once, and a signal for exec's pid once",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using program = await counting((script, end) => [
      ["-qefc", `exec '${binaryPath()}' exec -- sh '${script}' '${end}'`, "/dev/null"],
      {},
      "script",
    ]);
    const keys = { INT: "\x03", QUIT: "\x1c" };
    const press = async (name: keyof typeof keys, times: number) => {
      await program.running.write(keys[name]);
      await program.had(name, times);
    };
    const send = async (name: keyof typeof keys, times: number) => {
      Deno.kill(program.pid, `SIG${name}`);
      await program.had(name, times);
    };
    // Never one kind twice in a row: the system may make one of two that are under way.
    for (const times of [1, 3]) {
      await press("INT", times);
      await send("QUIT", times);
      await press("QUIT", times + 1);
      await send("INT", times + 1);
    }
    for (const name of ["TERM", "USR1"]) {
      Deno.kill(program.pid, `SIG${name}` as Deno.Signal);
      await program.had(name, 1);
    }
    await program.end();
    await program.running.ended;
    assert.deepEqual(["INT", "QUIT", "TERM", "USR1"].map(program.count), [4, 4, 1, 1]);
  },
});

Deno.test({
  name: "leaves no process running after its program",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const signal of [undefined, "SIGKILL"] as const) {
      await using program = await counting((script, end) => [
        ["-qefc", `exec '${binaryPath()}' exec -- sh '${script}' '${end}'`, "/dev/null"],
        {},
        "script",
      ]);
      const children = async () => {
        const path = `/proc/${program.pid}/task/${program.pid}/children`;
        return (await Deno.readTextFile(path)).trim().split(" ").map(Number);
      };
      // The program itself, and the one that watches the keyboard.
      while ((await children()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      const started = await children();
      if (signal === undefined) await program.end();
      else Deno.kill(program.pid, signal);
      if (signal !== undefined) await program.end();
      await program.running.ended;
      for (const pid of started) {
        for (let attempt = 0; await isAlive(pid); attempt++) {
          assert.ok(attempt < 12_000, `${pid} is still there after ${signal ?? "the end"}`);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    }
  },
});

async function isAlive(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await Deno.readTextFile(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
