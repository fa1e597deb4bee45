/** The edge of the process: arguments in, exit code out. */
import { EXIT } from "./shared/exit_codes.ts";
import {
  formatJson,
  sanitizeLine,
  sanitizeOutput,
  sanitizeStyledOutput,
} from "./shared/sanitize.ts";
import { OutputError, writeStderr, writeStdout } from "./shared/standard_streams.ts";
import { terminalColumns } from "./shared/process.ts";
import { createStyle, hasStyle, stylePrefixes } from "./shared/terminal_style.ts";
import { versionJson, versionText } from "./shared/version.ts";
import { wrapMessages } from "./shared/wrap_text.ts";

/** Asked for when something is written: it takes a system call. */
const stdoutIsStyled = once(() => hasStyle(Deno.stdout.isTerminal(), styleVariables()));
const stderrIsTerminal = once(() => Deno.stderr.isTerminal());
const stderrStyle = once(() => createStyle(hasStyle(stderrIsTerminal(), styleVariables())));

// The only way out of this process: text that passed no other sanitizer is harmless too.
const output = {
  stdout: (text: string) =>
    writeStdout(stdoutIsStyled() ? sanitizeStyledOutput(text) : sanitizeOutput(text)),
  stderr(text: string) {
    const message = sanitizeStyledOutput(text);
    const lines = stderrIsTerminal() ? wrapMessages(message, terminalColumns) : message;
    writeStderr(stylePrefixes(lines, stderrStyle()));
  },
};

async function main(args: string[]): Promise<number> {
  try {
    if (["--version", "-v", "-V"].includes(args[0]) || args.join(" ") === "version") {
      output.stdout(args[1] === "--json" ? formatJson(versionJson()) : `${versionText()}\n`);
      return EXIT.ok;
    }
    // Loaded on demand: `--version` needs none of it.
    const { runProgram } = await import("./program.ts");
    return await runProgram(args, output);
  } catch (error) {
    output.stderr(`Error: ${describeError(error)}\n`);
    return EXIT.failure;
  }
}

/** An error that no command handled: users get its message, never a stack trace. */
function describeError(error: unknown): string {
  return error instanceof OutputError
    ? error.message
    : `unexpected error: ${sanitizeLine(error, 1000)}`;
}

function styleVariables() {
  const names = ["NO_COLOR", "CLICOLOR_FORCE", "TERM"];
  return Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]));
}

function once<T>(create: () => T): () => T {
  let value: T | undefined;
  return () => value ??= create();
}

// A thread that waits for a hung keychain must not keep the process alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
