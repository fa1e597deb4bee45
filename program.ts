/**
 * The command line with the commands of both sides. The code of a command is loaded when it runs;
 * everything that every command needs is imported here statically, since each file that is loaded
 * on demand takes half a millisecond.
 */
import { AUTH_SHORTCUTS, loginCommands, moreCommands, tokenCommands } from "./client/commands.ts";
import { processIo as clientIo } from "./client/process/process_io.ts";
import type { ClientIo } from "./client/io.ts";
import { runCommand } from "./client/run.ts";
import { serverCommands } from "./server/cli/commands.ts";
import type { ServerIo } from "./server/io.ts";
import { workerRole } from "./server/workers/worker_role.ts";
import { processIo as serverIo } from "./server/process_io.ts";
import type { CommandEntry, CommandGroup, Run } from "./shared/command_line.ts";
import { EXIT } from "./shared/exit_codes.ts";
import { basename } from "./shared/path.ts";
import { abortOn, homeFolder, ignoreSignal, terminalColumns } from "./shared/process.ts";
import { createStyle, hasStyle } from "./shared/terminal_style.ts";
import { versionText } from "./shared/version.ts";

/** Writes to the standard streams of this process. */
type Output = Pick<ClientIo, "stdout" | "stderr">;

const clientCommands = [...loginCommands, ...tokenCommands, ...moreCommands];
const entries = [...clientCommands, ...serverCommands];

/** All commands, in the order in which users need them. */
export function commandGroups(
  group: <Io>(heading: string, commands: readonly CommandEntry<Io>[], run: Run<Io>) => CommandGroup,
  client: Run<ClientIo>,
  server: Run<ServerIo>,
): CommandGroup[] {
  return [
    group("Log in:", loginCommands, client),
    group("Use tokens:", tokenCommands, client),
    group("Run a server:", serverCommands, server),
    group("More:", moreCommands, client),
  ];
}

/** Runs the command that `typed` name, and returns its exit code. */
export async function runProgram(typed: string[], { stdout, stderr }: Output): Promise<number> {
  const isCommand = entries.some(({ name }) => name === typed[0]);
  const args = withoutAuth(isCommand ? typed : [...await argumentsOfName(), ...typed]);
  const env = Deno.env.toObject();
  const platform = {
    os: Deno.build.os,
    arch: Deno.build.arch,
    get release() {
      return Deno.osRelease();
    },
    homeFolder: await homeFolder(env),
    get programPath() {
      return Deno.execPath();
    },
  };
  let exitCode: number = EXIT.ok;
  const client: Run<ClientIo> = async (run) => {
    const signals = abortOn("SIGINT");
    const io = clientIo({ stdout, stderr, env, platform, signals });
    exitCode = await runCommand(io, run);
    if (!io.stderrIsTerminal || !mayNotice(args) || io.signal.aborted) return;
    const { noticeNewVersion } = await import("./client/upgrade/notice.ts");
    await noticeNewVersion(io);
  };
  const server: Run<ServerIo> = async (run) => {
    const { homeFolder, os } = platform;
    // Ctrl-C on a terminal reaches the workers too; their parent then stops them.
    const isWorker = workerRole(env) !== undefined;
    if (isWorker) ignoreSignal("SIGINT");
    const { signal } = abortOn(
      ...isWorker ? [] : ["SIGINT" as const],
      ...os === "windows" ? [] : ["SIGTERM" as const],
    );
    exitCode = await run(serverIo({ stdout, stderr, env, homeFolder, signal }));
  };
  if (args.length === 1) {
    const entry = clientCommands.find(({ name }) => name === args[0]);
    if (entry?.loadWithoutArguments) {
      const { runWithoutArguments } = await entry.loadWithoutArguments();
      await client(runWithoutArguments);
      return exitCode;
    }
  }
  const { buildCommandLine, CommanderError, commandGroup } = await import(
    "./shared/command_line.ts"
  );
  const groups = commandGroups(commandGroup, client, server);
  const { bold } = createStyle(hasStyle(Deno.stdout.isTerminal(), env));
  const build = (only: string) =>
    buildCommandLine(groups, { stdout, stderr, stdoutColumns: terminalColumns, bold }, {
      only,
      version: versionText(),
    });
  if (args[0] === "complete") {
    const { answerCompletion } = await import("./client/commands/completion/complete.ts");
    const dashes = args.indexOf("--") + 1;
    const toComplete = [...args.slice(0, dashes), ...withoutAuth(args.slice(dashes))];
    stdout(
      await answerCompletion(
        (typed) => build(requestedCommand(typed)),
        toComplete,
        async (value) => {
          if (value.path[0] === "admin") {
            const { completeAdminNames } = await import("./server/cli/complete_admin_names.ts");
            const { signal } = abortOn("SIGINT");
            return await completeAdminNames(
              value,
              serverIo({ stdout, stderr() {}, env, homeFolder: platform.homeFolder, signal }),
            );
          }
          const { knownValues } = await import("./client/commands/completion/known_values.ts");
          const { processFetch } = await import("./client/process/fetch.ts");
          return await knownValues(value, {
            env,
            platform,
            fetch: processFetch({ env, platform }),
          });
        },
      ),
    );
    return EXIT.ok;
  }
  const program = await build(requestedCommand(args));
  const { commandRequest } = await import("./shared/command_request.ts");
  const request = commandRequest(program, args);
  if (request.kind === "help") {
    request.command.outputHelp();
    return EXIT.ok;
  }
  try {
    // The parser reports a command that does not exist, and suggests one.
    const parsed = request.kind === "unknown" ? request.path : args;
    await program.parseAsync(parsed, { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** Whether a user reads what the command writes, not a script. */
function mayNotice(args: readonly string[]): boolean {
  return clientCommands.some(({ name, mayNotice }) => name === args[0] && mayNotice) &&
    !args.includes("--json") && !args.includes("--quiet");
}

/** Docker and others start credential helpers by name; a link with that name is one. */
async function argumentsOfName(): Promise<readonly string[]> {
  // Only here, because it takes 10 ms to load.
  const [{ argv0 }, { impliedArguments }] = await Promise.all([
    import("node:process"),
    import("./client/helpers/programs.ts"),
  ]);
  return impliedArguments(basename(argv0));
}

/** `auth login` and others, as users of other programs type them, without the `auth`. */
function withoutAuth(args: string[]): string[] {
  const start = args[0] === "help" ? 1 : 0;
  return args[start] === "auth" && AUTH_SHORTCUTS.has(args[start + 1])
    ? args.toSpliced(start, 1)
    : args;
}

/** The command whose options are needed: the first argument that may be one, or the subject of `help`. */
function requestedCommand(args: readonly string[]): string {
  return args.find((arg) => arg !== "help" && !arg.startsWith("-")) ?? "";
}
