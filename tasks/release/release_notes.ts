/** The notes of a release: its section of CHANGELOG.md (https://keepachangelog.com/). */
export const NOTES_FILE = "RELEASE_NOTES.md";

/** The heading of changes that no version has yet. */
export const UNRELEASED = "Unreleased";

/**
 * The text below `## 1.2.3`, `## 1.2.3 - 2026-01-02` or `## [1.2.3] - 2026-01-02`. Throws if there
 * is none: a release without notes was not prepared.
 */
export function changelogSection(changelog: string, version: string): string {
  const [, ...sections] = `\n${changelog.replaceAll("\r\n", "\n")}`.split("\n## ");
  for (const section of sections) {
    const [heading, ...lines] = section.split("\n");
    if (heading.split(" ")[0].replace(/^\[|\]$/g, "") !== version) continue;
    const text = lines.join("\n").trim();
    if (text !== "") return `${text}\n`;
  }
  throw new Error(`CHANGELOG.md has no section for ${version}.`);
}

const RELATIVE_LINK = /\[([^\]]*)\]\((?![a-z]+:|#)([^()\s]+)\)/g;

/** A page of releases is elsewhere than CHANGELOG.md: paths become addresses below `base`. */
export function withAbsoluteLinks(markdown: string, base: string): string {
  return markdown.replace(RELATIVE_LINK, (_, text, path) => `[${text}](${base}/${path})`);
}

/** Paths of this repository become text. */
export function withoutLinks(markdown: string): string {
  return markdown.replace(RELATIVE_LINK, "$1");
}
