/** The order of the pages, which docs/index.md defines by its lists. */
export interface NavigationItem {
  title: string;
  /** From docs/, without the heading that it may lead to. */
  path: string;
  heading?: string;
  /** What follows the link in the list. */
  description: string;
}

export interface Navigation {
  sections: { title: string; items: NavigationItem[] }[];
}

export function readNavigation(index: string): Navigation {
  const sections: Navigation["sections"] = [];
  const joined = index.replaceAll(/\n {2,}/g, " ");
  for (const line of joined.split("\n")) {
    if (line.startsWith("## ")) sections.push({ title: line.slice(3), items: [] });
    const item = /^(?:- |\d+\. )\[([^\]]+)\]\(([^)#]+)(?:#([^)]+))?\)(?:: (.*))?$/.exec(line);
    if (item === null) continue;
    const [, title, path, heading, description = ""] = item;
    sections.at(-1)?.items.push({ title, path, heading, description });
  }
  return { sections };
}

/** The pages in reading order, each once. */
export function readingOrder({ sections }: Navigation): NavigationItem[] {
  return sections.flatMap(({ items }) => items).filter(({ heading }) => heading === undefined);
}
