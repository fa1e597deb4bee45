/** Where links lead: to a page of the site, a file beside it, or the repository. */
import { posix } from "node:path";
import { brand } from "../../shared/brand.ts";
import type { Page } from "./page.ts";

const isElsewhere = (href: string) => /^[a-z][a-z0-9+.-]*:/.test(href);

/** The path from docs/ that a link leads to, and its heading. */
function targetOf(page: Pick<Page, "path">, href: string): { path: string; heading?: string } {
  const [path, heading] = href.split("#");
  return {
    path: path === "" ? page.path : posix.join(posix.dirname(page.path), path),
    heading,
  };
}

export function brokenLinks(
  pages: ReadonlyMap<string, Page>,
  files: ReadonlySet<string>,
): string[] {
  const broken: string[] = [];
  const folders = new Set([...files].map((file) => posix.dirname(file)));
  for (const page of pages.values()) {
    for (const href of page.links) {
      if (isElsewhere(href)) continue;
      const { path, heading } = targetOf(page, href);
      // Files of the repository, which the tests of the documentation look for.
      if (path.startsWith("..")) continue;
      const target = pages.get(path);
      const exists = files.has(path) || folders.has(path.replace(/\/$/, ""));
      const hasHeading = heading === undefined || target === undefined ||
        target.headings.some(({ id }) => id === heading);
      if (!exists || !hasHeading) broken.push(`${page.path}: ${href} leads nowhere`);
    }
  }
  return broken;
}

/** The address in the site for a link of a page. */
export function siteLink(page: Page, href: string): string {
  if (isElsewhere(href) || href.startsWith("#")) return href;
  const { path, heading } = targetOf(page, href);
  const anchor = heading === undefined ? "" : `#${heading}`;
  if (path.startsWith("..") || path.endsWith("/")) {
    return `${repositoryUrl()}/blob/main/${posix.join("docs", path)}${anchor}`;
  }
  return relativeLink(page, path.replace(/\.md$/, ".html")) + anchor;
}

/** From a page to a file of the site. */
export function relativeLink(page: Pick<Page, "path">, path: string): string {
  return posix.relative(posix.dirname(page.path), path);
}

export function repositoryUrl(): string {
  return `https://github.com/${brand.release.repository}`;
}
