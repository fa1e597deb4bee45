/** The HTML of a page's text. */
import { posix } from "node:path";
import { Marked, type Tokens } from "marked";
import { siteLink } from "./links.ts";
import type { Page } from "./page.ts";

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Columns of a table that is scrolled on most screens: its first one stays in view. */
const WIDE = 6;

/** `diagrams` are the SVG files by their path from docs/; they become part of the page. */
export function renderContent(page: Page, diagrams: ReadonlyMap<string, string>): string {
  let heading = 0;
  const renderer = new Marked({
    renderer: {
      heading(token: Tokens.Heading) {
        const { id, text } = page.headings[heading++];
        const content = this.parser.parseInline(token.tokens);
        const link = token.depth === 1
          ? ""
          : ` <a class="anchor" href="#${id}" aria-label="Link to “${escapeHtml(text)}”">#</a>`;
        return `<h${token.depth} id="${id}">${content}${link}</h${token.depth}>\n`;
      },
      link(token: Tokens.Link) {
        const href = escapeHtml(siteLink(page, token.href));
        return `<a href="${href}">${this.parser.parseInline(token.tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image) {
        const path = posix.join(posix.dirname(page.path), href);
        const diagram = diagrams.get(path);
        return diagram === undefined
          ? `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`
          : inlineDiagram(diagram, text);
      },
      code({ text, lang }: Tokens.Code) {
        const language = escapeHtml(lang ?? "");
        const content = lang === "console" ? markPrompts(text) : escapeHtml(text);
        return `<div class="code" data-language="${language}"><pre tabindex="0"><code>${content}` +
          `</code></pre></div>\n`;
      },
      table(token: Tokens.Table) {
        const row = (cells: string[]) => `<tr>${cells.join("")}</tr>`;
        const content = ({ tokens }: Tokens.TableCell) => this.parser.parseInline(tokens);
        // The cell above the names of the rows names nothing: a header may not be empty.
        const header = token.header.map((cell) =>
          cell.text === "" ? "<td></td>" : `<th scope="col">${content(cell)}</th>`
        );
        const rows = token.rows.map((cells) =>
          row(cells.map((cell) => `<td>${content(cell)}</td>`))
        );
        const width = token.header.length >= WIDE ? " wide" : "";
        return `<div class="table${width}" tabindex="0"><table><thead>${row(header)}</thead>` +
          `<tbody>${rows.join("")}</tbody></table></div>\n`;
      },
      checkbox: () => `<span class="check" aria-hidden="true"></span>`,
    },
  });
  return renderer.parser(page.tokens);
}

function inlineDiagram(svg: string, text: string): string {
  const drawing = svg.replace(/<style>[^]*?<\/style>\n?/, "")
    .replace('role="img"', `role="img" aria-label="${escapeHtml(text)}"`).trim();
  return `<span class="diagram" tabindex="0">${drawing}</span>`;
}

/** What a reader types looks different from what is printed. */
function markPrompts(text: string): string {
  let continues = false;
  return text.split("\n").map((line) => {
    const isTyped = continues || line.startsWith("$ ");
    continues = isTyped && line.endsWith("\\");
    return isTyped ? `<b>${escapeHtml(line)}</b>` : escapeHtml(line);
  }).join("\n");
}
