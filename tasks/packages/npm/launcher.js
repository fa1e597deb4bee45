#!/usr/bin/env node
// Runs the program of the package for this system, with the same arguments, streams and exit code.
"use strict";
const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { dirname, join } = require("node:path");
const { isatty } = require("node:tty");

const name = "@NAME@";
const packages = "@PACKAGES@";

function fail(message) {
  console.error(`${name}: ${message}`);
  process.exit(1);
}

function program() {
  const system = `${process.platform}-${process.arch}`;
  const required = packages[system];
  if (required === undefined) fail(`there is no program for ${system}`);
  try {
    const folder = dirname(require.resolve(`${required}/package.json`));
    return join(folder, "bin", process.platform === "win32" ? `${name}.exe` : name);
  } catch {
    // Of the C library. npm does not install the package where there is another one.
    if (process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime) {
      fail("there is no program for Linux with musl, such as Alpine");
    }
    fail(
      `the package ${required} is missing. Install ${name} again on this system, with optional ` +
        "dependencies: npm install --include=optional",
    );
  }
}

// A key in a terminal reaches both processes: only what was sent to this one is passed on.
// Before the program starts, since a signal would end this process and leave the program behind.
const windows = process.platform === "win32";
const signals = windows
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR2"];
const inTerminal = windows || [0, 1, 2].some((descriptor) => isatty(descriptor));
const keys = ["SIGINT", "SIGQUIT", "SIGBREAK"];
for (const signal of signals) {
  process.on(signal, () => {
    if (!inTerminal || !keys.includes(signal)) child.kill(signal);
  });
}

const child = spawn(program(), process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => fail(`the program does not start: ${error.message}`));
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  // Ends as the program did, for a shell or supervisor that looks.
  process.removeAllListeners(signal);
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
});
