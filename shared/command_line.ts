/**
 * The command line as commander has it. Every command is known by name and summary; the
 * options and the code of one are loaded only when it is the one that is meant.
 */
import { Command } from "commander";
import { brand } from "./brand.ts";
import { examples } from "./command_examples.ts";

export { CommanderError } from "commander";

const bin = brand.binaryName;

/** Runs a command's code with what its side of the program may touch. */
export type Run<Io> = (run: (io: Io) => Promise<number>) => Promise<void>;

export interface CommandEntry<Io> {
  name: string;
  summary: string;
  /** `declare` adds arguments, options, examples and subcommands to `command`. */
  load(): Promise<{ declare(command: Command, run: Run<Io>): void }>;
}

/** Commands under one heading of the help. */
export interface CommandGroup {
  heading: string;
  commands: readonly {
    name: string;
    summary: string;
    declare(command: Command): Promise<void>;
  }[];
}

/** Ties commands to what runs them. */
export function commandGroup<Io>(
  heading: string,
  commands: readonly CommandEntry<Io>[],
  run: Run<Io>,
): CommandGroup {
  return {
    heading,
    commands: commands.map(({ name, summary, load }) => ({
      name,
      summary,
      declare: async (command) => (await load()).declare(command, run),
    })),
  };
}

export interface CommandLineOutput {
  stdout(text: string): void;
  stderr(text: string): void;
  stdoutColumns: number;
}

/** Builds the command line; only the command called `only` has its options, or all without it. */
export async function buildCommandLine(
  groups: readonly CommandGroup[],
  { stdout, stderr, stdoutColumns }: CommandLineOutput,
  { only, version }: { only?: string; version: string },
): Promise<Command> {
  const program = new Command(bin)
    .description(`${brand.productName}: log in once, hand out tokens, check them.`)
    .version(version, "-V, --version", "print version, commit and Deno version")
    .helpOption("-h, --help", "print help")
    .exitOverride()
    .configureOutput({
      writeOut: stdout,
      writeErr: stderr,
      getOutHelpWidth: () => stdoutColumns,
      getErrHelpWidth: () => stdoutColumns,
    });
  for (const { heading, commands } of groups) {
    program.commandsGroup(heading);
    for (const { name, summary, declare } of commands) {
      const command = program.command(name).description(summary);
      if (only === undefined || only === name) await declare(command);
    }
  }
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
