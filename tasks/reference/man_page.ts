/** Manual pages, one for each command of the program and for each group of commands. */
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { version } from "../../shared/version.ts";
import { type CommandReference, type Described, everyCommand } from "./command_reference.ts";
import { EXIT_STATUS, surroundings } from "./common_sections.ts";
import type { HelpBlock } from "./help_blocks.ts";
import {
  bold,
  item,
  literal,
  optionItem,
  paragraph,
  roffText,
  section,
  subsection,
} from "./roff.ts";
import { sentence } from "./sentence.ts";

export interface ManPage {
  /** `yourapp-admin-user`, of section 1. */
  name: string;
  text: string;
}

/** The program's page, and one for each of its commands and each group below them. */
export function manPages(program: CommandReference, date: string): ManPage[] {
  const subjects = everyCommand(program).filter(hasPage);
  return subjects.map((reference) => ({
    name: pageName(reference),
    text: manPage(reference, subjects, date),
  }));
}

function hasPage(reference: CommandReference): boolean {
  return reference.path.length <= 2 || reference.subcommands.length > 0;
}

const pageName = ({ path }: CommandReference) => path.join("-");

function manPage(
  reference: CommandReference,
  subjects: readonly CommandReference[],
  date: string,
): string {
  const name = pageName(reference);
  const { environment, files } = surroundings(reference.path);
  return [
    `.TH "${roffText(name.toUpperCase())}" 1 "${date}" ` +
    `"${roffText(`${brand.productName} ${version}`)}" "${roffText(brand.productName)} manual"\n`,
    section("NAME"),
    `${roffText(name)} \\- ${roffText(reference.summary)}\n`,
    section("SYNOPSIS"),
    synopsis(reference),
    section("DESCRIPTION"),
    `${roffText(sentence(reference.summary))}\n`,
    ...reference.arguments.map((argument) => optionItem(argument.term, argument.description)),
    ...reference.notes.map(noteBlock),
    ...options(reference),
    ...commands(reference),
    section("EXIT STATUS"),
    ...Object.entries(EXIT).map(([name, code]) =>
      item(`${code}`, EXIT_STATUS[name as keyof typeof EXIT])
    ),
    section("ENVIRONMENT"),
    ...environment.map(described),
    section("FILES"),
    ...files.map(described),
    ...examples(reference),
    section("SEE ALSO"),
    `${seeAlso(reference, subjects).map((other) => `${bold(other)}(1)`).join(",\n")}\n`,
  ].join("");
}

function synopsis({ path, usage }: CommandReference): string {
  return `${bold(path.join(" "))} ${roffText(usage)}`.trimEnd() + "\n";
}

function options(reference: CommandReference): string[] {
  const help = optionItem("-h, --help", "print help");
  return [
    section("OPTIONS"),
    ...optionGroups(reference),
    ...reference.optionGroups.length > 0 ? [] : [help],
  ];
}

function optionGroups(reference: CommandReference): string[] {
  return reference.optionGroups.flatMap(({ heading, options }) => [
    ...heading === "" ? [] : [subsection(heading)],
    ...options.map(({ term, description }) => optionItem(term, description)),
  ]);
}

/** Commands with a page of their own are named, the others explained. */
function commands(reference: CommandReference): string[] {
  if (reference.subcommands.length === 0) return [];
  return [
    section("COMMANDS"),
    ...reference.subcommands.flatMap(({ heading, commands }) => {
      const [pages, parts] = [commands.filter(hasPage), commands.filter((c) => !hasPage(c))];
      return [
        ...heading === "" ? [] : [subsection(heading)],
        ...pages.map(pageItem),
        ...parts.flatMap(commandPart),
      ];
    }),
  ];
}

function pageItem(child: CommandReference): string {
  return `.TP\n${bold(pageName(child))}(1)\n${roffText(sentence(child.summary))}\n`;
}

function commandPart(child: CommandReference): string[] {
  return [
    subsection(`${child.path.join(" ")} ${child.usage}`.trim()),
    `${roffText(sentence(child.summary))}\n`,
    ...child.arguments.map(({ term, description }) => optionItem(term, description)),
    ...child.optionGroups.flatMap(({ options }) =>
      options.map(({ term, description }) => optionItem(term, description))
    ),
    ...child.notes.map(noteBlock),
  ];
}

function noteBlock(block: Exclude<HelpBlock, { kind: "examples" }>): string {
  if (block.kind === "paragraph") return paragraph(roffText(block.text));
  const heading = paragraph(roffText(block.heading));
  return block.kind === "items"
    ? heading + block.items.map(({ name, text }) => item(name, text)).join("")
    : heading + literal(block.lines);
}

const described = ({ term, description }: Described) => item(term, description);

function examples(reference: CommandReference): string[] {
  const parts = reference.subcommands.flatMap(({ commands }) => commands)
    .filter((child) => !hasPage(child));
  const all = [reference, ...parts].flatMap(({ examples }) => examples);
  if (all.length === 0) return [];
  return [
    section("EXAMPLES"),
    ...all.flatMap(({ command, meaning }, index) => [
      index === 0 ? `${roffText(sentence(meaning))}\n` : paragraph(roffText(sentence(meaning))),
      literal([`$ ${command}`]),
    ]),
  ];
}

/** The page above, those beside it, and those below. */
function seeAlso(reference: CommandReference, subjects: readonly CommandReference[]): string[] {
  const own = reference.path.join(" ");
  const parent = reference.path.slice(0, -1).join(" ");
  return subjects.filter(({ path }) => {
    const above = path.slice(0, -1).join(" ");
    return path.join(" ") !== own &&
      (path.join(" ") === parent || above === own || (above === parent && parent !== ""));
  }).map(pageName);
}
