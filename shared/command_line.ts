/**
 * The CLI, built with commander. The options and the code of a command are loaded only when it
 * runs.
 */
import { Command } from "commander";
import { brand } from "./brand.ts";
import { addAliases } from "./command_aliases.ts";
import { examples, helpItems, helpList, helpParagraph } from "./command_examples.ts";
import { clampHelpWidth, helpLayout } from "./command_help.ts";

export { CommanderError } from "commander";

const bin = brand.binaryName;

/** Runs a command with the side effects of its side of the program. */
export type Run<Io> = (run: (io: Io) => Promise<number>) => Promise<void>;

export interface CommandEntry<Io> {
  name: string;
  summary: string;
  /** `declare` adds arguments, options, examples and subcommands to `command`. */
  load(): Promise<{ declare(command: Command, run: Run<Io>): void }>;
  /**
   * What scripts run most often, a command without arguments, needs no parser: to load and to set
   * up one takes a quarter of the start.
   */
  loadWithoutArguments?(): Promise<{ runWithoutArguments(io: Io): Promise<number> }>;
  /** Users type it: after it, there may be a notice of a newer version. */
  mayNotice?: true;
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

/** Commands with the function that runs them. */
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
  /** Width of the terminal, asked for only to lay out help: it takes two milliseconds. */
  stdoutColumns(): number;
  /** Bold on a terminal that shows styles. */
  bold(text: string): string;
}

/** Only the command called `only` gets its options; without `only`, every command does. */
export async function buildCommandLine(
  groups: readonly CommandGroup[],
  { stdout, stderr, stdoutColumns, bold }: CommandLineOutput,
  { only, version }: { only?: string; version: string },
): Promise<Command> {
  const program = new Command(bin)
    .description(`${brand.productName}: log in once, and use tokens everywhere.`)
    .version(version, "-v, --version", "print version, commit and Deno version")
    .helpOption("-h, --help", "print help")
    // `exec` passes the options of its program on.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: stdout,
      writeErr: stderr,
      outputError: (text, write) => write(usageError(text)),
      getOutHelpWidth: () => clampHelpWidth(stdoutColumns()),
      getErrHelpWidth: () => clampHelpWidth(stdoutColumns()),
      // What the styles are for is decided by `bold`.
      getOutHasColors: () => true,
    })
    .configureHelp(helpLayout(bold));
  for (const { heading, commands } of groups) {
    program.commandsGroup(heading);
    for (const { name, summary, declare } of commands) {
      const command = program.command(name).description(summary);
      if (only === undefined || only === name) await declare(command);
    }
  }
  program
    .addHelpText(
      "after",
      helpItems("Environment:", [
        [`${brand.envPrefix}_TOKEN`, "a token to use instead of a login"],
        [`${brand.envPrefix}_SERVER`, "the default for --server"],
      ]),
    )
    .addHelpText(
      "after",
      helpParagraph("NO_COLOR, BROWSER, HTTPS_PROXY and NO_PROXY are supported."),
    )
    .addHelpText(
      "after",
      examples(
        [`${bin} login`, "log in"],
        [`${bin} token`, "print an access token"],
        [`${bin} docs quickstart`, "five minutes to a protected API"],
      ),
    );
  unifyHelp(program);
  return program;
}

/** A message of the parser, as this program writes messages. */
function usageError(text: string): string {
  const message = text.replace(/^error: /, "Error: ");
  const [value, argument, ...more] = message.split(" is invalid for argument ");
  const start = "Error: command-argument value ";
  if (argument === undefined || more.length > 0 || !value.startsWith(start)) return message;
  return `Error: ${value.slice(start.length)} is not a valid ${argument.replace(/^'(\w+)'/, "$1")}`;
}

/** The same help in every command; usage errors point to it. */
function unifyHelp(command: Command, path: string = bin): void {
  command.showHelpAfterError(`Run \`${path} --help\` for usage.`);
  if (command.commands.length === 0) return;
  // `help` is answered before the parser runs: see commandRequest. The program's help names it.
  if (command.parent === null) {
    command.helpCommand("help [command...]", "print help for a command");
  } else {
    command.helpCommand(false);
  }
  if (command.parent !== null) addAliases(command);
  for (const child of command.commands) {
    const childPath = `${path} ${child.name()}`;
    unifyHelp(child, childPath);
    const aliases = child.aliases().map((alias) => `${path} ${alias}`);
    if (aliases.length > 0) child.addHelpText("after", helpList("Aliases:", aliases));
  }
}
