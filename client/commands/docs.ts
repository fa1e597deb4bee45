/** `docs`: a page of the documentation, without a network. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { wrapWords } from "../../shared/wrap_text.ts";
import { choosePager, PAGER_VARIABLE } from "../docs/pager.ts";
import { type Pages, readPages } from "../docs/read_pages.ts";
import { renderPage } from "../docs/render_page.ts";
import { type PageMatch, searchPages } from "../docs/search_pages.ts";
import {
  linkedTopics,
  parseTopics,
  similarTopics,
  type Topic,
  topicsNamed,
} from "../docs/topics.ts";
import type { ClientIo } from "../io.ts";
import { formatJson, stdoutStyle } from "../output.ts";

export type DocsIo = Pick<
  ClientIo,
  "stdout" | "stderr" | "stdoutIsTerminal" | "stdoutColumns" | "env" | "platform" | "showInPager"
>;

export interface DocsOptions {
  /** Terms, separated by spaces. */
  search?: string;
  json?: boolean;
  /** False with --no-pager. */
  pager?: boolean;
}

/** Of a passage that a search has pageMatches. */
const MAX_EXCERPT = 160;

export async function docs(
  typed: string | undefined,
  options: DocsOptions,
  io: DocsIo,
): Promise<number> {
  const pages = await readPages();
  const allTopics = parseTopics(pages.index);
  let topics = allTopics;
  if (typed !== undefined) {
    const name = typed.replace(/\.md$/, "");
    const named = topicsNamed(name, topics);
    if (named.length > 1) {
      const commands = named.map((topic) => `  ${brand.binaryName} docs ${topic.name}\n`).join("");
      io.stderr(
        `Error: there are several pages "${sanitizeLine(name, 60)}". Run one of:\n${commands}`,
      );
      return EXIT.usage;
    }
    const [topic] = named;
    if (topic === undefined) {
      const similar = name === "" ? [] : similarTopics(name, topics);
      const hint = similar.length > 0
        ? `Did you mean ${similar.join(" or ")}?`
        : `Run: ${brand.binaryName} docs`;
      io.stderr(`Error: there is no page "${sanitizeLine(name, 60)}". ${hint}\n`);
      return EXIT.usage;
    }
    topics = [topic];
  }
  const { search } = options;
  const pageMatches: PageMatch[] = search === undefined
    ? topics.map((topic) => ({ ...topic, matches: [] }))
    : searchPages(search, pages, topics);
  if (options.json) {
    const isPage = typed !== undefined && search === undefined;
    io.stdout(formatJson(pageMatches.map(({ name, title, section, matches }) => ({
      ...{ name, title, section, matches },
      markdown: isPage ? pages[name] : null,
    }))));
    return pageMatches.length > 0 ? EXIT.ok : EXIT.failure;
  }
  if (search !== undefined && pageMatches.length === 0) {
    io.stderr(
      `No page contains all search terms of "${sanitizeLine(search, 100)}". Search for fewer, or ` +
        `list the pages: ${brand.binaryName} docs\n`,
    );
    return EXIT.failure;
  }
  const text = search !== undefined
    ? matchList(pageMatches, io)
    : typed === undefined
    ? topicList(topics, io)
    : onePage(topics[0].name, pages, allTopics, io);
  await show(text, options, io);
  return EXIT.ok;
}

/** On a terminal with a pager, if there is one. */
async function show(text: string, { pager }: DocsOptions, io: DocsIo): Promise<void> {
  const chosen = io.stdoutIsTerminal && pager !== false ? choosePager(io) : undefined;
  const isShown = chosen !== undefined &&
    await io.showInPager(chosen.program, chosen.args, chosen.env, text);
  if (!isShown) io.stdout(text);
}

/** A page, and the pages that it links to, since a terminal does not show links. */
function onePage(
  name: string,
  pages: Pages,
  topics: readonly Topic[],
  io: DocsIo,
): string {
  const { bold } = stdoutStyle(io);
  const page = renderPage(pages[name], io.stdoutColumns(), stdoutStyle(io));
  const linked = linkedTopics(name, pages[name], topics);
  if (linked.length === 0) return page;
  const width = Math.min(io.stdoutColumns(), 100) - 2;
  const lines = wrapWords(linked.join(", "), width).map((line) => `  ${line}\n`);
  return `${page}\n${bold(`Linked pages, for ${brand.binaryName} docs TOPIC:`)}\n${lines.join("")}`;
}

function topicList(topics: readonly Topic[], io: DocsIo): string {
  const { bold } = stdoutStyle(io);
  const width = Math.max(...topics.map(({ name }) => name.length)) + 2;
  const sections = Map.groupBy(topics, ({ section }) => section);
  return [...sections].map(([section, members]) =>
    `${bold(section)}\n${
      members.map(({ name, title }) => `  ${name.padEnd(width)}${title}\n`).join("")
    }`
  ).join("\n") + `\nRead one: ${brand.binaryName} docs TOPIC\n`;
}

function matchList(pageMatches: readonly PageMatch[], io: DocsIo): string {
  const { bold, faint } = stdoutStyle(io);
  const width = Math.min(io.stdoutColumns(), 100) - 2;
  return pageMatches.map(({ name, title, matches }) =>
    [
      `${bold(name)}  ${title}`,
      ...matches.flatMap(({ heading, text }) => {
        const excerpt = text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}…` : text;
        return wrapWords(`${heading}: ${excerpt}`, width).map((line) => `  ${faint(line)}`);
      }),
    ].map((line) => `${line}\n`).join("")
  ).join("\n") + `\nRead one: ${brand.binaryName} docs TOPIC\n`;
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[topic]", "the page; without it, all pages are listed")
    .option("--search <terms>", "list the pages that contain all search terms, and where")
    .option("--no-pager", `print at once (default on a terminal: ${PAGER_VARIABLE}, PAGER or less)`)
    .option("--json", "print JSON; with a topic, its Markdown")
    .addHelpText(
      "after",
      examples([`${bin} docs quickstart`, "a page, in this terminal"], [
        `${bin} docs --search "refresh token"`,
        "the pages about something",
      ], [
        `${bin} docs configuration | grep lifetime`,
        "a page as plain text",
      ]),
    )
    .action((topic, options) => client((io) => docs(topic, options, io)));
}
