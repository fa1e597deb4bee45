/** The frame around a page: header, navigation, contents, and where to go next. */
import { brand } from "../../shared/brand.ts";
import { escapeHtml, renderContent } from "./content.ts";
import { relativeLink, repositoryUrl } from "./links.ts";
import { type Navigation, type NavigationItem, readingOrder } from "./navigation.ts";
import type { Page } from "./page.ts";

/** `file:` is for a site that is opened from a folder, which has an opaque origin. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self' file:; " +
  "style-src 'self' file:; img-src 'self' file:; base-uri 'none'; form-action 'none'";

export function renderPage(
  page: Page,
  navigation: Navigation,
  diagrams: ReadonlyMap<string, string>,
): string {
  const link = (path: string) => escapeHtml(relativeLink(page, path));
  const root = link("index.html").replace("index.html", "");
  const name = escapeHtml(brand.productName);
  const title = page.path === "index.md"
    ? `${name} documentation`
    : `${escapeHtml(page.title)} – ${name}`;
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="${link("assets/site.css")}">
<link rel="alternate" type="text/markdown" href="${link(page.path)}">
<script src="${link("assets/site.js")}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="brand" href="${
    link("index.html")
  }"><span class="mark" aria-hidden="true"></span>${name} <span>docs</span></a>
<div class="search" role="search" hidden>
<input type="search" id="query" placeholder="Search" aria-label="Search the documentation" autocomplete="off" aria-controls="results">
<kbd aria-hidden="true">/</kbd>
<div id="results" hidden></div>
<p id="found" class="unseen" role="status"></p>
</div>
<button type="button" id="theme" hidden aria-label="Switch between light and dark">◐</button>
<button type="button" id="menu" hidden aria-expanded="false" aria-controls="navigation">Menu</button>
</header>
<div class="columns">
<nav id="navigation" aria-label="Pages">${navigationText(page, navigation, link)}</nav>
<main id="content" tabindex="-1">
<article>
${renderContent(page, diagrams)}</article>
${neighbors(page, navigation, link)}
<footer><a href="${repositoryUrl()}/edit/main/docs/${page.path}">Edit this page</a> <a href="${
    link(page.path)
  }">As Markdown</a></footer>
</main>
${contents(page)}
</div>
</body>
</html>
`;
}

function navigationText(
  page: Page,
  { sections }: Navigation,
  link: (path: string) => string,
): string {
  const item = ({ title, path, heading }: NavigationItem) => {
    const isCurrent = path === page.path && heading === undefined;
    const href = link(path.replace(/\.md$/, ".html")) +
      (heading === undefined ? "" : `#${heading}`);
    return `<li><a href="${href}"${isCurrent ? ' aria-current="page"' : ""}>${
      escapeHtml(title)
    }</a></li>`;
  };
  return sections.map(({ title, items }) =>
    `<p class="section">${escapeHtml(title)}</p><ul>${items.map(item).join("")}</ul>`
  ).join("\n");
}

function neighbors(page: Page, navigation: Navigation, link: (path: string) => string): string {
  const order = readingOrder(navigation);
  const index = order.findIndex(({ path }) => path === page.path);
  const next = page.path === "index.md" ? order[0] : index === -1 ? undefined : order[index + 1];
  const card = (kind: string, to: NavigationItem | undefined) =>
    to === undefined
      ? ""
      : `<a class="${kind}" rel="${kind}" href="${link(to.path.replace(/\.md$/, ".html"))}"><span>${
        kind === "prev" ? "Previous" : "Next"
      }</span>${escapeHtml(to.title)}</a>`;
  return `<nav class="neighbors" aria-label="Previous and next page">${
    card("prev", order[index - 1])
  }${card("next", next)}</nav>`;
}

function contents({ headings }: Page): string {
  const listed = headings.filter(({ depth }) => depth === 2 || depth === 3);
  if (listed.length < 2) return `<aside class="contents"></aside>`;
  const items = listed.map(({ depth, id, text }) =>
    `<li class="depth-${depth}"><a href="#${id}">${escapeHtml(text)}</a></li>`
  );
  return `<aside class="contents" aria-label="On this page"><p class="section">On this page</p><ul>${
    items.join("")
  }</ul></aside>`;
}
