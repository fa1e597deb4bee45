/**
 * The edge of the process: the command tree, the environment, signals and the
 * exit code. A command's own code is loaded when that command runs.
 */
import { userInfo } from "node:os";
import { basename } from "node:path";
import { argv0 } from "node:process";
import { Command, CommanderError } from "commander";
import type { ClientIo, EndedProgram } from "./client/io.ts";
import { declareClientCommands } from "./client/command_tree.ts";
import { declareTokenCommands } from "./client/token_command_tree.ts";
import { declareServerCommands } from "./server/cli/command_tree.ts";
import { absoluteFolder } from "./shared/absolute_folder.ts";
import { brand } from "./shared/brand.ts";
import { buildInfo } from "./shared/build_info.ts";
import { systemClock } from "./shared/clock.ts";
import { examples } from "./shared/command_examples.ts";
import { EXIT } from "./shared/exit_codes.ts";
import { sanitizeLine, sanitizeOutput, sanitizeStyledOutput } from "./shared/sanitize.ts";
import { OutputError, writeStderr, writeStdout } from "./shared/standard_streams.ts";
import { version } from "./shared/version.ts";
import type { ServerIo } from "./server/io.ts";

/** Runs a command's own code, loaded by then, and keeps its exit code. */
interface Runners {
  client(run: (io: ClientIo) => Promise<number>): Promise<void>;
  server(run: (io: ServerIo) => Promise<number>): Promise<void>;
  stdout(text: string): void;
  stderr(text: string): void;
  stdoutColumns: number;
}

const bin = brand.binaryName;

/** The whole command line. Nothing of a command's own code is loaded by building it. */
export function commandTree(runners: Runners): Command {
  const program = new Command(bin)
    .description(`${brand.productName}: log in once, hand out tokens, check them.`)
    .version(versionText(), "-V, --version", "print version, commit and Deno version")
    .helpOption("-h, --help", "print help")
    .exitOverride()
    .configureOutput({
      writeOut: runners.stdout,
      writeErr: runners.stderr,
      getOutHelpWidth: () => runners.stdoutColumns,
      getErrHelpWidth: () => runners.stdoutColumns,
    });
  program.commandsGroup("Log in:");
  declareClientCommands(program, runners.client);
  program.commandsGroup("Use tokens:");
  declareTokenCommands(program, runners.client);
  program.commandsGroup("Run a server:");
  declareServerCommands(program, runners.server);
  program.commandsGroup("More:");
  program.helpCommand("help [command]", "print help for a command");
  program.addHelpText(
    "after",
    `\nEnvironment:
  ${brand.envPrefix}_TOKEN    a token to use instead of a login
  ${brand.envPrefix}_SERVER   the server to use where --server is not given
  NO_COLOR, BROWSER, HTTPS_PROXY, NO_PROXY as elsewhere
` +
      examples([`${bin} login`, "log in"], [`${bin} token`, "print an access token"]),
  );
  hintAfterErrors(program);
  return program;
}

/** Wrong usage ends with where to read on, named for the command that was meant. */
function hintAfterErrors(command: Command, path: string = bin): void {
  command.showHelpAfterError(`Run \`${path} --help\` for usage.`);
  for (const child of command.commands) hintAfterErrors(child, `${path} ${child.name()}`);
}

function versionText(): string {
  return `${bin} ${version} (${buildInfo.commit}, Deno ${Deno.version.deno}, ` +
    `${Deno.build.os} ${Deno.build.arch})`;
}

async function readStdin(): Promise<string> {
  return await new Response(Deno.stdin.readable).text();
}

/** Asks the person at the terminal, on standard error; undefined where there is none. */
async function confirmOnTerminal(
  question: string,
  stderr: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return undefined;
  stderr(`${question} [y/N] `);
  const aborted = new Promise<null>((resolve) =>
    signal.addEventListener("abort", () => resolve(null))
  );
  // A terminal hands over whole lines.
  const line = new Uint8Array(256);
  const length = await Promise.race([Deno.stdin.read(line), aborted]);
  return /^y(es)?$/i.test(new TextDecoder().decode(line.subarray(0, length ?? 0)).trim());
}

async function* stdinBytes(): AsyncGenerator<Uint8Array> {
  yield* Deno.stdin.readable;
}

/** From the environment, else from the user database; empty if neither names one. */
function homeFolder(env: Record<string, string>): string {
  const named = absoluteFolder(Deno.build.os === "windows" ? env.USERPROFILE : env.HOME);
  if (named !== undefined) return named;
  try {
    return absoluteFolder(userInfo().homedir) ?? "";
  } catch {
    // A user id without an entry, as containers have them.
    return "";
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}

function launch(program: string, args: readonly string[]): boolean {
  try {
    new Deno.Command(program, { args: [...args], stdin: "null", stdout: "null", stderr: "null" })
      .spawn().unref();
    return true;
  } catch {
    return false;
  }
}

/** ClientIo's; of this process's standard streams the program gets none. */
export async function runProgram(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<EndedProgram | "late" | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch {
    return undefined;
  }
  const output = child.output().then(({ code, stdout, stderr }): EndedProgram => ({
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => {
      // What it has started itself may hold its streams open: they are not waited for.
      child.kill("SIGKILL");
      resolve("late");
    }, timeoutMs);
  });
  return await Promise.race([output, late]).finally(() => clearTimeout(timer));
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

/** Whether another program has our place: what the user then does concerns that one. */
let inForeground = false;

const runInForeground: ClientIo["runInForeground"] = async (program, args, env) => {
  const foreground = await import("./client/process/foreground.ts");
  const hasTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((each) => each.isTerminal());
  inForeground = true;
  return await foreground.runInForeground(program, args, env, hasTerminal);
};

/** One abort signal for the given signals; the second one ends the process on the spot. */
function abortOn(...names: Deno.Signal[]): AbortSignal {
  const controller = new AbortController();
  for (const name of names) {
    Deno.addSignalListener(name, () => {
      if (inForeground) return;
      if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Answers a completion script: `complete [--next] -- WORDS`, where --next means a new, empty word. */
async function answerCompletion(
  program: Command,
  args: string[],
  place: Pick<ClientIo, "env" | "platform">,
): Promise<string> {
  const { complete, rememberedValues } = await import("./client/commands/completion/complete.ts");
  const words = args.slice(args.indexOf("--") + 1);
  if (args[1] === "--next") words.push("");
  const candidates = complete(program, words, await rememberedValues(place));
  return candidates.map((candidate) => `${candidate.join("\t")}\n`).join("");
}

/** Docker starts its helpers by name: under that name, a link to this program is one. */
function impliedArguments(startedAs: string): string[] {
  return basename(startedAs).replace(/\.exe$/i, "") === `docker-credential-${bin}`
    ? ["auth", "docker"]
    : [];
}

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
const LOOPBACK = ["localhost", "127.0.0.0/8", "::1"];

/**
 * `fetch` that never uses a proxy for this machine: what is sent here, tokens over
 * plain http among it, must not leave it.
 */
function fetchWithoutLoopbackProxy(): typeof globalThis.fetch {
  let client: Deno.HttpClient | undefined;
  return (input, init) => {
    client ??= loopbackExemptClient();
    return client === undefined ? fetch(input, init) : fetch(input, { ...init, client });
  };
}

/**
 * Deno takes proxies and NO_PROXY from the environment when a client is created.
 * NO_PROXY is restored at once: programs that we start inherit our environment,
 * and `NO_PROXY=*,localhost` means something else to them than `NO_PROXY=*`.
 */
function loopbackExemptClient(): Deno.HttpClient | undefined {
  const isSet = (name: string) => Deno.env.get(name) || Deno.env.get(name.toLowerCase());
  if (!PROXY_VARIABLES.some(isSet)) return undefined;
  const original = Deno.env.get("NO_PROXY");
  const exempt = original || Deno.env.get("no_proxy");
  Deno.env.set("NO_PROXY", [...(exempt ? [exempt] : []), ...LOOPBACK].join(","));
  try {
    return Deno.createHttpClient({});
  } finally {
    if (original === undefined) Deno.env.delete("NO_PROXY");
    else Deno.env.set("NO_PROXY", original);
  }
}

async function main(args: string[]): Promise<number> {
  const fetch = fetchWithoutLoopbackProxy();
  // The only way out of this process: text that passed no other sanitizer is harmless too.
  const stdout = (text: string) => writeStdout(sanitizeOutput(text));
  const stderr = (text: string) => writeStderr(sanitizeStyledOutput(text));
  const env = Deno.env.toObject();
  const platform = {
    os: Deno.build.os,
    arch: Deno.build.arch,
    release: Deno.osRelease(),
    homeFolder: homeFolder(env),
  };
  let exitCode: number = EXIT.ok;
  const program = commandTree({
    stdout,
    stderr,
    stdoutColumns: terminalColumns(),
    async client(run) {
      const { runCommand } = await import("./client/run.ts");
      const signal = abortOn("SIGINT");
      exitCode = await runCommand({
        stdout,
        stderr,
        stdinIsTerminal: Deno.stdin.isTerminal(),
        stdoutIsTerminal: Deno.stdout.isTerminal(),
        stderrIsTerminal: Deno.stderr.isTerminal(),
        stderrColumns: terminalColumns,
        readStdin,
        stdinBytes,
        env,
        platform,
        clock: systemClock,
        fetch,
        sleep,
        signal,
        launch,
        runProgram,
        async streamProgram(program, args, input, read) {
          const { streamProgram } = await import("./client/process/stream.ts");
          return await streamProgram(program, args, input, read, signal);
        },
        runInForeground,
      }, run);
    },
    async server(run) {
      const signal = abortOn(
        "SIGINT",
        ...(Deno.build.os === "windows" ? [] : ["SIGTERM" as const]),
      );
      exitCode = await run({
        stdout,
        stderr,
        readStdin,
        confirm: (question) => confirmOnTerminal(question, stderr, signal),
        env,
        signal,
        clock: systemClock,
        platform: { os: Deno.build.os, homedir: platform.homeFolder },
      });
    },
  });
  try {
    if (args[0] === "complete") {
      stdout(await answerCompletion(program, args, { env, platform }));
      return EXIT.ok;
    }
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.ok;
    }
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
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
