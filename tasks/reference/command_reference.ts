/** What a manual says about a command, from its declaration. */
import type { Argument, Command, Option } from "commander";
import { type Example, type HelpBlock, helpBlocks } from "./help_blocks.ts";

export interface Described {
  term: string;
  description: string;
}

export interface OptionGroup {
  heading: string;
  options: Described[];
}

export interface CommandReference {
  /** With the name of the program: `["yourapp", "pat", "create"]`. */
  path: readonly string[];
  summary: string;
  /** What follows the path in a synopsis: `[options] <name>`. */
  usage: string;
  arguments: Described[];
  optionGroups: OptionGroup[];
  /** Paragraphs, lists and items, without the examples. */
  notes: Exclude<HelpBlock, { kind: "examples" }>[];
  examples: Example[];
  subcommands: { heading: string; commands: CommandReference[] }[];
}

export function commandReference(
  command: Command,
  parents: readonly string[] = [],
): CommandReference {
  const path = [...parents, command.name()];
  const blocks = helpBlocks(command);
  return {
    path,
    summary: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map(describeArgument),
    optionGroups: grouped(visibleOptions(command), (option) => option.helpGroupHeading)
      .map(([heading, options]) => ({ heading, options: options.map(describeOption) })),
    notes: blocks.filter((block) => block.kind !== "examples"),
    examples: blocks.flatMap((block) => block.kind === "examples" ? block.examples : []),
    subcommands: grouped(command.commands, (child) => child.helpGroup() || undefined)
      .map(([heading, commands]) => ({
        heading,
        commands: commands.map((child) => commandReference(child, path)),
      })),
  };
}

/** All commands below and including `reference`, in order. */
export function everyCommand(reference: CommandReference): CommandReference[] {
  return [
    reference,
    ...reference.subcommands.flatMap(({ commands }) => commands.flatMap(everyCommand)),
  ];
}

/** As in help: `--help`, which every command has, is left out. */
function visibleOptions(command: Command): Option[] {
  return command.createHelp().visibleOptions(command).filter(({ long }) => long !== "--help");
}

function describeArgument(argument: Argument): Described {
  const { required, variadic, argChoices } = argument;
  const name = `${argument.name()}${variadic ? "..." : ""}`;
  return {
    term: required ? `<${name}>` : `[${name}]`,
    description: withChoices(argument.description, argChoices),
  };
}

function describeOption(option: Option): Described {
  const { flags, argChoices, defaultValue } = option;
  const description = withChoices(option.description, argChoices);
  const hasDefault = typeof defaultValue === "string" && defaultValue !== "";
  return {
    term: flags,
    description: hasDefault ? `${description} (default: ${defaultValue})` : description,
  };
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description} (one of: ${choices.join(", ")})`;
}

/** Groups in order of their first member, those without a heading first. */
function grouped<Item>(
  items: readonly Item[],
  headingOf: (item: Item) => string | undefined,
): [heading: string, items: Item[]][] {
  const groups = Map.groupBy(items, (item) => headingOf(item)?.replace(/:$/, "") ?? "");
  return [...groups].sort(([a], [b]) => Number(a !== "") - Number(b !== ""));
}
