/** The candidates that the completion scripts ask for. */
import type { Argument, Command, Option } from "commander";

/** Something to offer, and what it means. */
export type Candidate = [value: string, description: string];

/** A value that only this machine or the server knows. */
export interface Requested {
  /** The option or argument, such as `account`. */
  attribute: string;
  /** The command, such as `pat`, `show`. */
  path: readonly string[];
  /** The login that the line selects. */
  selection: { server?: string; account?: string };
  typed: readonly string[];
}

export type KnownValues = (requested: Requested) => Candidate[];

/** Where in the line another program begins, whose arguments the shell completes. */
interface OtherProgram {
  offset: number;
}

/** Answers a completion script: `complete [--next] -- ARGUMENTS`; --next adds an empty one. */
export async function answerCompletion(
  build: (typed: readonly string[]) => Promise<Command>,
  args: readonly string[],
  lookUp: (requested: Requested) => Promise<Candidate[]>,
): Promise<string> {
  const typed = args.slice(args.indexOf("--") + 1);
  if (args[1] === "--next") typed.push("");
  const program = await build(typed);
  let requested: Requested | undefined;
  const first = complete(program, typed, (value) => {
    requested = value;
    return [];
  });
  if (!Array.isArray(first)) return `:command ${first.offset}\n`;
  const values = requested === undefined ? undefined : await lookUp(requested).catch(() => []);
  const candidates = values === undefined ? first : complete(program, typed, () => values);
  return (candidates as Candidate[]).map((candidate) => `${candidate.join("\t")}\n`).join("");
}

/** Candidates for the last of `typed`, which may be incomplete. */
export function complete(
  program: Command,
  typed: readonly string[],
  knownValues: KnownValues = () => [],
): Candidate[] | OtherProgram {
  const current = typed.at(-1) ?? "";
  let command = program;
  const path: string[] = [];
  const selection: Requested["selection"] = {};
  let positional = 0;
  let awaiting: Option | undefined;
  let optionsEnded = false;
  const select = (option: Option, value: string) => {
    const attribute = option.attributeName();
    if (attribute === "server" || attribute === "account") selection[attribute] = value;
  };
  for (const [index, word] of typed.slice(0, -1).entries()) {
    if (awaiting) {
      select(awaiting, word);
      awaiting = undefined;
    } else if (!optionsEnded && word === "--") {
      optionsEnded = true;
    } else if (!optionsEnded && word.startsWith("-")) {
      const option = optionNamed(command, word.split("=")[0]);
      awaiting = option?.required && !word.includes("=") ? option : undefined;
      if (option && word.includes("=")) select(option, word.slice(word.indexOf("=") + 1));
    } else {
      const child = command.commands.find((subcommand) =>
        subcommand.name() === word || subcommand.aliases().includes(word)
      );
      if (child) {
        command = child;
        path.push(child.name());
      } else if (word !== "help" || command.commands.length === 0) positional++;
      // The first argument of `exec` is a program, and what follows is for that program.
      if (positional > 0 && passesOptionsOn(command)) return { offset: index };
    }
  }
  const startsProgram = awaiting === undefined && passesOptionsOn(command) &&
    (optionsEnded || !current.startsWith("-"));
  if (startsProgram) return { offset: typed.length - 1 };
  return candidates().filter(([value]) => value.startsWith(current));

  function candidates(): Candidate[] {
    if (awaiting) return valuesOf(awaiting, awaiting.attributeName(), current);
    if (!optionsEnded && current.startsWith("-")) {
      const name = current.split("=")[0];
      const option = current.includes("=") ? optionNamed(command, name) : undefined;
      return option
        ? valuesOf(option, option.attributeName(), current.slice(name.length + 1))
          .map(([value, description]) => [`${name}=${value}`, description])
        : optionsOf(command).map(({ long, flags, description }) => [long ?? flags, description]);
    }
    const declared = command.registeredArguments;
    const argument = declared[positional] ??
      (declared.at(-1)?.variadic ? declared.at(-1) : undefined);
    return [
      ...command.createHelp().visibleCommands(command)
        .map((child): Candidate => [child.name(), child.description()]),
      ...argument ? valuesOf(argument, argument.name(), current) : [],
    ];
  }

  function valuesOf(
    { argChoices }: Option | Argument,
    attribute: string,
    value: string,
  ): Candidate[] {
    if (argChoices !== undefined) return argChoices.map((choice) => [choice, ""]);
    const values = knownValues({ attribute, path, selection, typed });
    // `--scope read,de`: the last of a list.
    const listed = attribute === "scope" ? value.slice(0, value.lastIndexOf(",") + 1) : "";
    const chosen = listed.split(",");
    return values.filter(([name]) => !chosen.includes(name))
      .map(([name, description]) => [`${listed}${name}`, description]);
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
