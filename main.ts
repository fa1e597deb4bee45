/** The edge of the process: arguments in, exit code out. */
import { brand } from "./shared/brand.ts";
import { EXIT } from "./shared/exit_codes.ts";
import { sanitizeLine, sanitizeOutput, sanitizeStyledOutput } from "./shared/sanitize.ts";
import { OutputError, writeStderr, writeStdout } from "./shared/standard_streams.ts";
import { versionText } from "./shared/version.ts";

// The only way out of this process: text that passed no other sanitizer is harmless too.
const output = {
  stdout: (text: string) => writeStdout(sanitizeOutput(text)),
  stderr: (text: string) => writeStderr(sanitizeStyledOutput(text)),
};

async function main(args: string[]): Promise<number> {
  try {
    if (args[0] === "--version" || args[0] === "-V") {
      output.stdout(`${versionText()}\n`);
      return EXIT.ok;
    }
    // Loaded on demand: `--version` needs none of it.
    const { runProgram } = await import("./program.ts");
    return await runProgram(args, output);
  } catch (error) {
    output.stderr(`${brand.binaryName}: ${describeError(error)}\n`);
    return EXIT.failure;
  }
}

/** An error that no command handled: users get its message, never a stack trace. */
function describeError(error: unknown): string {
  return error instanceof OutputError
    ? error.message
    : `unexpected error: ${sanitizeLine(error, 1000)}`;
}

// A thread that waits for a hung keychain must not keep the process alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
