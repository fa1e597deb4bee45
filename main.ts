/**
 * The edge of the process: arguments in, exit code out. What a command does not need is
 * not loaded: most of all, nothing of the other commands.
 */
import { basename } from "node:path";
import { argv0 } from "node:process";
import type { Command } from "commander";
import type { ClientIo } from "./client/io.ts";
import type { ServerIo } from "./server/io.ts";
import { brand } from "./shared/brand.ts";
import { buildInfo } from "./shared/build_info.ts";
import type { Run } from "./shared/command_line.ts";
import { EXIT } from "./shared/exit_codes.ts";
import { sanitizeLine, sanitizeOutput, sanitizeStyledOutput } from "./shared/sanitize.ts";
import { OutputError, writeStderr, writeStdout } from "./shared/standard_streams.ts";
import { version } from "./shared/version.ts";

const bin = brand.binaryName;

// The only way out of this process: text that passed no other sanitizer is harmless too.
const stdout = (text: string) => writeStdout(sanitizeOutput(text));
const stderr = (text: string) => writeStderr(sanitizeStyledOutput(text));

function versionText(): string {
  return `${bin} ${version} (${buildInfo.commit}, Deno ${Deno.version.deno}, ` +
    `${Deno.build.os} ${Deno.build.arch})`;
}

/** Docker starts its helpers by name: under that name, a link to this program is one. */
function impliedArguments(startedAs: string): string[] {
  return basename(startedAs).replace(/\.exe$/i, "") === `docker-credential-${bin}`
    ? ["auth", "docker"]
    : [];
}

/** Runs the command that `args` name, with only that one loaded. */
async function runCommandLine(args: string[]): Promise<number> {
  const { buildCommandLine, commandGroup, CommanderError } = await import(
    "./shared/command_line.ts"
  );
  const { abortOn, homeFolder, terminalColumns } = await import("./shared/process.ts");
  const { loginCommands, tokenCommands } = await import("./client/commands.ts");
  const { serverCommands } = await import("./server/cli/commands.ts");
  const env = Deno.env.toObject();
  const platform = {
    os: Deno.build.os,
    arch: Deno.build.arch,
    release: Deno.osRelease(),
    homeFolder: homeFolder(env),
  };
  let exitCode: number = EXIT.ok;
  const client: Run<ClientIo> = async (run) => {
    const { runCommand } = await import("./client/run.ts");
    const { processIo } = await import("./client/process/process_io.ts");
    const signals = abortOn("SIGINT");
    exitCode = await runCommand(processIo({ stdout, stderr, env, platform, signals }), run);
  };
  const server: Run<ServerIo> = async (run) => {
    const { processIo } = await import("./server/process_io.ts");
    const { signal } = abortOn(
      "SIGINT",
      ...(platform.os === "windows" ? [] : ["SIGTERM" as const]),
    );
    const { homeFolder } = platform;
    exitCode = await run(processIo({ stdout, stderr, env, homeFolder, signal }));
  };
  const groups = [
    commandGroup("Log in:", loginCommands, client),
    commandGroup("Use tokens:", tokenCommands, client),
    commandGroup("Run a server:", serverCommands, server),
  ];
  const build = (only: string) =>
    buildCommandLine(groups, { stdout, stderr, stdoutColumns: terminalColumns() }, {
      only,
      version: versionText(),
    });
  if (args[0] === "complete") {
    stdout(await answerCompletion(build, args, { env, platform }));
    return EXIT.ok;
  }
  const program = await build(meant(args));
  if (args.length === 0) {
    program.outputHelp();
    return EXIT.ok;
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** The command whose options are needed: the first word that may be one, or what help is asked for. */
function meant(words: readonly string[]): string {
  return words.find((word) => word !== "help" && !word.startsWith("-")) ?? "";
}

/** Answers a completion script: `complete [--next] -- WORDS`, where --next means a new, empty word. */
async function answerCompletion(
  build: (only: string) => Promise<Command>,
  args: string[],
  place: Pick<ClientIo, "env" | "platform">,
): Promise<string> {
  const { complete, rememberedValues } = await import("./client/commands/completion/complete.ts");
  const words = args.slice(args.indexOf("--") + 1);
  if (args[1] === "--next") words.push("");
  const program = await build(meant(words));
  const candidates = complete(program, words, await rememberedValues(place));
  return candidates.map((candidate) => `${candidate.join("\t")}\n`).join("");
}

async function main(args: string[]): Promise<number> {
  try {
    if (args[0] === "--version" || args[0] === "-V") {
      stdout(`${versionText()}\n`);
      return EXIT.ok;
    }
    return await runCommandLine(args);
  } catch (error) {
    stderr(`${bin}: ${describeError(error)}\n`);
    return EXIT.failure;
  }
}

/** An error that no command has handled: users get its message, and never a stack trace. */
function describeError(error: unknown): string {
  return error instanceof OutputError
    ? error.message
    : `unexpected error: ${sanitizeLine(error, 1000)}`;
}

// A thread left waiting for a silent keychain must not keep the process alive.
if (import.meta.main) Deno.exit(await main([...impliedArguments(argv0), ...Deno.args]));
