/** Golden files of pages: one for each page, with its text in each of its states. */
import { assertGolden } from "./golden.ts";
import { pageText } from "./page_text.ts";
import type { Shown } from "./page_visitor.ts";

export interface PageGolden {
  /** Adds the state of a page; `page` names the file. Returns what was shown. */
  record(page: string, state: string, shown: Shown | Promise<Shown>): Promise<Shown>;
  /** Adds only what a page says is wrong with the form that was sent. */
  recordProblems(page: string, state: string, shown: Promise<Shown>): Promise<void>;
  /** Compares every recorded page with its file. */
  assert(): Promise<void>;
}

/** Pages that a test of this process has recorded: a second one would overwrite the file. */
const recorded = new Set<string>();

/** Pages with a file, over all tests of a run: a file belongs to one test. */
const claimed = new Set<string>();

export function pageGolden(): PageGolden {
  const pages = new Map<string, string[]>();
  const add = (page: string, state: string, { status }: Shown, text: string) => {
    if (!pages.has(page) && recorded.has(page)) throw new Error(`two tests record ${page}`);
    recorded.add(page);
    if (!pages.has(page) && claimed.has(page)) throw new Error(`two tests record ${page}.txt`);
    claimed.add(page);
    const states = pages.get(page) ?? [];
    pages.set(page, states);
    states.push(`==== ${state} (${status})\n${text}`);
  };
  return {
    async record(page, state, response) {
      add(page, state, await response, pageText((await response).html));
      return response;
    },
    async recordProblems(page, state, sent) {
      const response = await sent;
      const [problems] = /<div class="problem summary"[^]*?<\/div>/.exec(response.html) ??
        [`<p>No problems: ${pageText(response.html)}</p>`];
      add(page, state, response, pageText(problems).replace(/^Title: \n\n(## .*\n)?/, ""));
    },
    async assert() {
      for (const [page, states] of pages) {
        await assertGolden(`pages/${page}.txt`, states.join("\n"));
      }
    },
  };
}
