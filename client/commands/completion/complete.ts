/** The candidates that the completion scripts ask for. */
import type { Argument, Command, Option } from "commander";
import { readAccounts } from "../../auth/account_index.ts";
import type { ClientIo } from "../../io.ts";
import { findConfigFolder } from "../../credentials/config_dir.ts";

/** Something to offer, and what it means. */
export type Candidate = [value: string, description: string];

/** Values for options and arguments by attribute name, such as `account`, that only we know. */
export type KnownValues = (attribute: string) => Candidate[];

/**
 * What every shell takes for a plain word. A shell puts a completion into the line
 * as it stands, and an account's name is what its server said.
 */
const PLAIN_WORD = /^[\p{L}\p{N}][\p{L}\p{N}_@+:./-]*$/u;

/** The remembered servers and accounts; none where they cannot be read, since TAB must stay silent. */
export async function rememberedValues(
  io: Pick<ClientIo, "env" | "platform">,
): Promise<KnownValues> {
  const folder = findConfigFolder(io);
  const none = { accounts: [] };
  const { accounts } = folder === undefined
    ? none
    : await readAccounts(folder, () => {}).catch(() => none);
  const unique = (values: string[]): Candidate[] =>
    [...new Set(values)].filter((value) => PLAIN_WORD.test(value)).map((value) => [value, ""]);
  const known: Record<string, Candidate[]> = {
    server: unique(accounts.map(({ server }) => server)),
    account: unique(accounts.map(({ account }) => account)),
  };
  return (attribute) => known[attribute] ?? [];
}

/** Answers a completion script: `complete [--next] -- ARGUMENTS`; --next adds an empty one. */
export async function answerCompletion(
  build: (typed: readonly string[]) => Promise<Command>,
  args: readonly string[],
  io: Pick<ClientIo, "env" | "platform">,
): Promise<string> {
  const typed = args.slice(args.indexOf("--") + 1);
  if (args[1] === "--next") typed.push("");
  const candidates = complete(await build(typed), typed, await rememberedValues(io));
  return candidates.map((candidate) => `${candidate.join("\t")}\n`).join("");
}

/** Candidates for the last of `typed`, which may be incomplete. */
export function complete(
  program: Command,
  typed: readonly string[],
  knownValues: KnownValues = () => [],
): Candidate[] {
  const current = typed.at(-1) ?? "";
  let command = program;
  let positional = 0;
  let awaiting: Option | undefined;
  let optionsEnded = false;
  for (const word of typed.slice(0, -1)) {
    if (awaiting) {
      awaiting = undefined;
    } else if (!optionsEnded && word === "--") {
      optionsEnded = true;
    } else if (!optionsEnded && word.startsWith("-")) {
      const option = optionNamed(command, word.split("=")[0]);
      awaiting = option?.required && !word.includes("=") ? option : undefined;
    } else {
      const child = command.commands.find((subcommand) =>
        subcommand.name() === word || subcommand.aliases().includes(word)
      );
      if (child) command = child;
      else if (word !== "help" || command.commands.length === 0) positional++;
      // The first argument of `exec` is a program, and what follows is for that program.
      if (positional > 0 && passesOptionsOn(command)) optionsEnded = true;
    }
  }
  return candidates().filter(([value]) => value.startsWith(current));

  function candidates(): Candidate[] {
    if (awaiting) return valuesOf(awaiting, awaiting.attributeName(), knownValues);
    if (!optionsEnded && current.startsWith("-")) {
      const name = current.split("=")[0];
      const option = current.includes("=") ? optionNamed(command, name) : undefined;
      return option
        ? valuesOf(option, option.attributeName(), knownValues)
          .map(([value, description]) => [`${name}=${value}`, description])
        : optionsOf(command).map(({ long, flags, description }) => [long ?? flags, description]);
    }
    const argument = command.registeredArguments[positional];
    return [
      ...command.createHelp().visibleCommands(command)
        .map((child): Candidate => [child.name(), child.description()]),
      ...argument ? valuesOf(argument, argument.name(), knownValues) : [],
    ];
  }
}

function passesOptionsOn(command: Command): boolean {
  return Object(command)._passThroughOptions === true;
}

function optionsOf(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

function optionNamed(command: Command, name: string): Option | undefined {
  return optionsOf(command).find((option) => option.long === name || option.short === name);
}

function valuesOf(
  { argChoices }: Option | Argument,
  attribute: string,
  knownValues: KnownValues,
): Candidate[] {
  return argChoices?.map((choice) => [choice, ""]) ?? knownValues(attribute);
}
