/** `docs`: a page of the documentation, without a network. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { readPages } from "../docs/read_pages.ts";
import { renderPage } from "../docs/render_page.ts";
import { parseTopics, similarTopics, type Topic } from "../docs/topics.ts";
import type { ClientIo } from "../io.ts";
import { stdoutStyle } from "../output.ts";

export type DocsIo = Pick<
  ClientIo,
  "stdout" | "stderr" | "stdoutIsTerminal" | "stdoutColumns" | "env"
>;

export async function docs(typed: string | undefined, io: DocsIo): Promise<number> {
  const pages = await readPages();
  const topics = parseTopics(pages.index);
  if (typed === undefined) {
    io.stdout(topicList(topics, io));
    return EXIT.ok;
  }
  const name = typed.replace(/\.md$/, "");
  const topic = topics.find((topic) => topic.name === name) ??
    topics.find((topic) => topic.name.endsWith(`/${name}`));
  if (topic === undefined) {
    const similar = name === "" ? [] : similarTopics(name, topics);
    const hint = similar.length > 0
      ? `Did you mean ${similar.join(" or ")}?`
      : `Run: ${brand.binaryName} docs`;
    io.stderr(`Error: there is no page "${sanitizeLine(name, 60)}". ${hint}\n`);
    return EXIT.usage;
  }
  io.stdout(renderPage(pages[topic.name], io.stdoutColumns(), stdoutStyle(io)));
  return EXIT.ok;
}

function topicList(topics: readonly Topic[], io: DocsIo): string {
  const { bold } = stdoutStyle(io);
  const width = Math.max(...topics.map(({ name }) => name.length)) + 2;
  const sections = Map.groupBy(topics, ({ section }) => section);
  return [...sections].map(([section, members]) =>
    `${bold(section)}\n${
      members.map(({ name, title }) => `  ${name.padEnd(width)}${title}\n`).join("")
    }`
  ).join("\n");
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[topic]", "the page; without it, all pages are listed")
    .addHelpText(
      "after",
      examples([`${bin} docs quickstart`, "a page, in this terminal"], [
        `${bin} docs configuration | less`,
        "a long one, in a pager",
      ]),
    )
    .action((topic) => client((io) => docs(topic, io)));
}
