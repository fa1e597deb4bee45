/** Finds the pages of the documentation that contain all search terms. */
import type { Pages } from "./read_pages.ts";
import type { Topic } from "./topics.ts";

export interface PageMatch extends Topic {
  /** Where the page has them, best first. */
  matches: { heading: string; text: string }[];
}

interface Passage {
  heading: string;
  text: string;
}

const MAX_MATCHES = 3;

/** The pages with all terms, best first: those in titles and headings count more than in text. */
export function searchPages(typed: string, pages: Pages, topics: readonly Topic[]): PageMatch[] {
  const terms = typed.toLowerCase().split(/\s+/).filter((term) => term !== "");
  const scored = topics.flatMap((topic) => {
    const page = `${topic.title} ${pages[topic.name]}`.toLowerCase();
    if (terms.length === 0 || !terms.every((term) => page.includes(term))) return [];
    const ranked = passagesOf(pages[topic.name])
      .map((passage) => ({ passage, score: scoreOf(passage, terms) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score);
    const inTitle = terms.filter((term) => topic.title.toLowerCase().includes(term)).length;
    return [{
      match: { ...topic, matches: ranked.slice(0, MAX_MATCHES).map(({ passage }) => passage) },
      score: 20 * inTitle + (ranked[0]?.score ?? 0),
    }];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ match }) => match);
}

/** Paragraphs, items, rows of tables and lines of code, each with the heading above it. */
function passagesOf(markdown: string): Passage[] {
  const passages: Passage[] = [];
  let heading = "";
  let isCode = false;
  let isOpen = false;
  for (const line of markdown.split("\n")) {
    const text = line.trim();
    if (text.startsWith("```")) isCode = !isCode;
    const isFence = text === "" || text.startsWith("```") || text.startsWith("<!--");
    const [, title] = !isCode && /^#+ (.*)/.exec(line) || [];
    if (title !== undefined) heading = plain(title);
    if (isFence || title !== undefined || /^\|[-| :]+$/.test(text)) {
      isOpen = false;
    } else if (isOpen && !isCode && !/^(?:[-*]|\d+\.|\|)/.test(text)) {
      passages.at(-1)!.text += ` ${text}`;
    } else {
      passages.push({ heading, text });
      isOpen = true;
    }
  }
  return passages.map(({ heading, text }) => ({ heading, text: plain(text) }));
}

function scoreOf({ heading, text }: Passage, terms: readonly string[]): number {
  const [inHeading, inText] = [heading, text].map((where) =>
    terms.filter((term) => where.toLowerCase().includes(term)).length
  );
  // A passage with all of them, before those that repeat one.
  return inText + 2 * inHeading + (inText === terms.length ? 4 : 0);
}

/** In place of a bar that does not separate cells. */
const ESCAPED_BAR = "\u0000";

/** Without marks, the addresses of links and the bars of a table. */
function plain(text: string): string {
  const cells = text.startsWith("|")
    ? text.replaceAll("\\|", ESCAPED_BAR).split("|").map((cell) => cell.trim())
      .filter((cell) => cell !== "").join("  ").replaceAll(ESCAPED_BAR, "|")
    : text;
  return cells
    .replaceAll(/!?\[([^[\]]*)\]\([^()]*\)/g, "$1")
    .replaceAll(/\*\*|`/g, "")
    .replaceAll(/\\([<*])/g, "$1")
    .replace(/^(?:[-*]|\d+\.) /, "");
}
