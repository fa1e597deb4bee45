/** The index that the pages search without a server: one entry for each section of a page. */
import MiniSearch from "minisearch";
import type { Token } from "marked";
import type { Page } from "./page.ts";

/** tasks/site/browser/site.js loads the index with the same options. */
const OPTIONS = { fields: ["page", "heading", "text"], storeFields: ["page", "heading", "start"] };

/** How much of a section is shown below its heading. */
const START_LENGTH = 140;

export function searchScript(pages: readonly Page[]): string {
  const index = new MiniSearch(OPTIONS);
  for (const page of pages) index.addAll(sectionsOf(page));
  return `globalThis.searchIndex = ${JSON.stringify(JSON.stringify(index))};\n`;
}

function sectionsOf(page: Page) {
  const sections: { id: string; page: string; heading: string; text: string; start: string }[] = [];
  let heading = 0;
  for (const token of page.tokens) {
    if (token.type === "heading") {
      const { id, text } = page.headings[heading++];
      const address = sections.length === 0 ? page.htmlPath : `${page.htmlPath}#${id}`;
      sections.push({ id: address, page: page.title, heading: text, text: "", start: "" });
      continue;
    }
    const section = sections.at(-1);
    if (section === undefined) continue;
    const text = textOf(token);
    section.text += `${text}\n`;
    if (section.start === "" && token.type === "paragraph") {
      section.start = text.length > START_LENGTH ? `${text.slice(0, START_LENGTH)}…` : text;
    }
  }
  return sections;
}

function textOf(token: Token): string {
  return token.raw.replaceAll(/\]\([^)]*\)/g, "").replaceAll(/[`*|[\]]/g, "").replaceAll(
    /\s+/g,
    " ",
  )
    .trim();
}
