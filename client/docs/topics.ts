import { typingErrors } from "../../shared/nearest_name.ts";

/** The pages of the documentation that the program has with it, in the order of docs/index.md. */
export interface Topic {
  /** What users type: the path below docs/ without `.md`. */
  name: string;
  title: string;
  section: string;
}

/** Not for users of the program, or too long for a terminal. */
const LEFT_OUT = /^(?:decisions\/|architecture$|development$|dependencies$|conformance$)/;

export function parseTopics(index: string): Topic[] {
  const topics: Topic[] = [];
  let section = "";
  for (const line of index.split("\n")) {
    if (line.startsWith("## ")) section = line.slice(3);
    const [, title, name] = /^(?:- |\d+\. )\[([^\]]+)\]\(([^)#]+)\.md\)/.exec(line) ?? [];
    if (name !== undefined && !LEFT_OUT.test(name)) topics.push({ name, title, section });
  }
  return topics;
}

/** The topic with this name, or those with it in a folder. */
export function topicsNamed(name: string, topics: readonly Topic[]): Topic[] {
  const exact = topics.filter((topic) => topic.name === name);
  return exact.length > 0 ? exact : topics.filter((topic) => topic.name.endsWith(`/${name}`));
}

/** The other topics that a page links to, in the order of the page. */
export function linkedTopics(
  name: string,
  markdown: string,
  topics: readonly Topic[],
): string[] {
  const known = new Set(topics.map((topic) => topic.name));
  const base = new URL(`${name}.md`, "file:///");
  const linked = [...markdown.matchAll(/\]\(([^()\]#:\s]+)\.md[#)]/g)]
    .map(([, path]) => new URL(path, base).pathname.slice(1));
  return [...new Set(linked)].filter((other) => other !== name && known.has(other));
}

/** The topics that `typed` may mean, nearest first. */
export function similarTopics(typed: string, topics: readonly Topic[]): string[] {
  const requested = typed.toLowerCase().slice(0, 60);
  const distance = (name: string) => {
    const base = name.split("/").at(-1)!;
    if (base.includes(requested) || requested.includes(base)) return 0;
    return Math.min(typingErrors(requested, name), typingErrors(requested, base));
  };
  return topics.map(({ name }) => ({ name, distance: distance(name) }))
    .filter(({ distance }) => distance <= Math.max(2, requested.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}
