/** `llms.txt`: the pages as Markdown, in reading order, for programs that read instead of users. */
import { brand } from "../../shared/brand.ts";
import type { Navigation } from "./navigation.ts";
import { type Page, plainText } from "./page.ts";

export function llmsText({ sections }: Navigation, pages: ReadonlyMap<string, Page>): string {
  const lines = [`# ${brand.productName}`, "", `> ${summaryOf(pages.get("index.md")!)}`];
  for (const { title, items } of sections) {
    lines.push("", `## ${title}`, "");
    for (const { title, path, heading } of items) {
      if (heading !== undefined) continue;
      lines.push(`- [${title}](${path}): ${summaryOf(pages.get(path)!)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The first sentence of a page. */
function summaryOf({ tokens, title }: Page): string {
  const first = tokens.find(({ type }) => type === "paragraph");
  const text = first === undefined || !("tokens" in first) ? title : plainText(first.tokens ?? []);
  return /^[^]*?[.:](?=\s|$)/.exec(text)?.[0].replaceAll("\n", " ").replace(/:$/, ".") ??
    text.replaceAll("\n", " ");
}
