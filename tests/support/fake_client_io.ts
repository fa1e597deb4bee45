/** A ClientIo from memory: what was written, a clock that moves when someone sleeps, no real network but loopback. */
import type { ClientIo, ForegroundResult, Platform, ProgramResult } from "../../client/io.ts";
import { serveLoopback } from "../../client/process/serve_loopback.ts";
import { type ManualClock, manualClock } from "./manual_clock.ts";

export interface MemoryIo extends ClientIo {
  out: string;
  err: string;
  env: Record<string, string | undefined>;
  stdin: string;
  stdinIsTerminal: boolean;
  stderrIsTerminal: boolean;
  platform: Platform;
  clock: ManualClock;
  fetch: typeof globalThis.fetch;
  /** Every pause asked for, in milliseconds. */
  sleeps: number[];
  launched: string[][];
  /** Programs `launch` can start; all of them if undefined. */
  programs: string[] | undefined;
  /** What `launchDetached` has started. */
  detached: string[][];
  /** How programs end that `runProgram` runs, by name; others cannot be started. */
  endings: Record<string, ProgramResult | "timed_out">;
  /** What `runProgram` has run. */
  ran: string[][];
  /** How programs end that `runInForeground` runs, by name; others are not found. */
  foreground: Record<string, ForegroundResult>;
  /** What `runInForeground` has run, and what it has put into the environment. */
  inFront: { command: string[]; env: Readonly<Record<string, string>> }[];
  interrupt(): void;
}

export function memoryIo(changes: Partial<MemoryIo> = {}): MemoryIo {
  const controller = new AbortController();
  const clock = manualClock();
  const io: MemoryIo = {
    out: "",
    err: "",
    stdin: "",
    sleeps: [],
    launched: [],
    detached: [],
    programs: undefined,
    endings: {},
    ran: [],
    foreground: {},
    inFront: [],
    stdout(text) {
      io.out += text;
      return true;
    },
    stderr: (text) => void (io.err += text),
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    stdoutColumns: () => 80,
    stderrColumns: () => 80,
    promptLine: () => Promise.resolve(undefined),
    readStdin: () => Promise.resolve(io.stdin),
    stdinBytes: () => new Blob([io.stdin]).stream(),
    env: {},
    hostName: () => "alice-laptop.local",
    platform: {
      os: "linux",
      arch: "x86_64",
      release: "6.1.0",
      homeFolder: "/nonexistent",
      programPath: "/nonexistent/program",
    },
    clock,
    timeZone: "UTC",
    fetch: loopbackFetch,
    sleep(ms, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      io.sleeps.push(ms);
      clock.set(clock.now() + ms);
      return Promise.resolve();
    },
    signal: controller.signal,
    launch(program, args) {
      if (io.programs && !io.programs.includes(program)) return false;
      io.launched.push([program, ...args]);
      return true;
    },
    launchDetached(program, args) {
      io.detached.push([program, ...args]);
      return true;
    },
    serveLoopback,
    runProgram(program, args) {
      io.ran.push([program, ...args]);
      return Promise.resolve(io.endings[program]);
    },
    streamProgram: () => Promise.resolve(undefined),
    runInForeground(program, args, env) {
      io.inFront.push({ command: [program, ...args], env });
      return Promise.resolve(io.foreground[program] ?? "not_found");
    },
    showInPager: () => Promise.resolve(false),
    interrupt: () => controller.abort(),
  };
  return Object.assign(io, changes);
}

/** `fetch`, but a test that leaves this machine fails. */
const loopbackFetch: typeof globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.hostname !== "127.0.0.1") throw new Error(`a test reached for ${url.hostname}`);
  return globalThis.fetch(input, init);
};
