/**
 * A page as its reader sees it, in lines of text: headings, paragraphs, fields, buttons and
 * links. What differs from run to run (ids, secrets, codes) is replaced by a name.
 */
import { brand } from "../../shared/brand.ts";

interface Tag {
  name: string;
  attributes: Map<string, string>;
}

const HEADINGS: Record<string, string> = { h1: "# ", h2: "## ", h3: "### " };
const BLOCKS = new Set([
  "p",
  "li",
  "dl",
  "ul",
  "div",
  "form",
  "section",
  "nav",
  "fieldset",
  "main",
]);
const SKIPPED = new Set(["script", "head", "header", "caption", "thead"]);

/** The visible text of `html` without the header that all pages share. */
export function pageText(html: string): string {
  const title = /<title>([^<]*)/.exec(html)?.[1] ?? "";
  const lines = [`Title: ${unescape(title)}`, ""];
  let line = "";
  let prefix = "";
  let skipping: string | undefined;
  let preformatted = false;
  const links: string[] = [];
  const flush = () => {
    const text = line.replace(/[ \n]+/g, " ").trim();
    if (text !== "") lines.push(prefix + text);
    line = "";
    prefix = "";
  };
  const block = (start: string) => {
    flush();
    prefix = start;
  };
  for (const [token] of html.replace(/<!doctype[^>]*>/i, "").matchAll(/<[^>]*>|[^<]+/g)) {
    if (!token.startsWith("<")) {
      if (skipping !== undefined) continue;
      if (preformatted) lines.push(...unescape(token).split("\n"));
      else line += unescape(token);
      continue;
    }
    const closing = token.startsWith("</");
    const tag = parseTag(token);
    if (skipping !== undefined) {
      if (closing && tag.name === skipping) skipping = undefined;
      continue;
    }
    if (!closing && SKIPPED.has(tag.name)) {
      skipping = tag.name;
      continue;
    }
    const attribute = (name: string) => tag.attributes.get(name);
    if (HEADINGS[tag.name] !== undefined) {
      if (!closing && lines.at(-1) !== "") block("");
      if (!closing && lines.at(-1) !== "") lines.push("");
      block(closing ? "" : HEADINGS[tag.name]);
    } else if (tag.name === "li") block(closing ? "" : "- ");
    else if (tag.name === "th") block(closing ? "" : "- ");
    else if (tag.name === "td") {
      const label = attribute("data-label");
      block(closing ? "" : label === undefined ? "  " : `  ${label}: `);
    } else if (tag.name === "dt") closing ? line += ": " : block("");
    else if (tag.name === "dd") closing && flush();
    else if (tag.name === "label" || tag.name === "legend") {
      const check = line.trim() === "";
      if (!closing) block("");
      else if (check || !/^\[[x ]\]/.test(line.trim())) flush();
    } else if (tag.name === "summary") block(closing ? "" : "+ ");
    else if (tag.name === "button") line += closing ? "]] " : " [[";
    else if (tag.name === "a") {
      if (closing) line += links.pop();
      else {
        if (line.endsWith(">")) line += " ";
        links.push(` <${unescape(attribute("href") ?? "")}>`);
      }
    } else if (tag.name === "br") flush();
    else if (tag.name === "pre") {
      preformatted = !closing;
      flush();
    } else if (tag.name === "span" && attribute("class") === "code") line += ": ";
    else if (tag.name === "option") {
      block(closing ? "" : tag.attributes.has("selected") ? "  (o) " : "  ( ) ");
    } else if (tag.name === "input") {
      const type = attribute("type") ?? "text";
      if (type === "hidden" || tag.attributes.has("hidden")) continue;
      if (type === "checkbox") line += tag.attributes.has("checked") ? "[x] " : "[ ] ";
      else {
        const value = attribute("value") || attribute("placeholder") || "";
        block("");
        lines.push(`  [${unescape(value)}]`);
      }
    } else if (tag.name === "textarea") {
      if (!closing) block("  [");
      else {
        lines.push(`  [${line.trim().replace(/\n/g, " / ")}]`);
        line = "";
        prefix = "";
      }
    } else if (BLOCKS.has(tag.name)) {
      flush();
      if (!closing && attribute("class") === "notice") lines.push("Notice:");
      if (closing && tag.name === "div" && lines.length === 2) lines.push("");
    }
  }
  flush();
  return withoutRandomness(lines.join("\n")) + "\n";
}

function parseTag(token: string): Tag {
  const [, name] = /^<\/?([a-z0-9]+)/i.exec(token) ?? ["", ""];
  const attributes = new Map<string, string>();
  for (const [, key, value = ""] of token.matchAll(/\s([\w-]+)(?:="([^"]*)")?/g)) {
    attributes.set(key, value);
  }
  return { name, attributes };
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}

const { personalAccessToken } = brand.tokenPrefixes;

function withoutRandomness(text: string): string {
  return text
    .replace(/([?&]signature)=[\w-]{43}/g, "$1=SIGNATURE")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replace(
      new RegExp(`${personalAccessToken}[0-9A-Za-z]{40,}`, "g"),
      `${personalAccessToken}SECRET`,
    )
    .replace(
      new RegExp(`${personalAccessToken}[0-9A-Za-z]{8}…`, "g"),
      `${personalAccessToken}PREFIX…`,
    )
    .replace(/\b(?!XXXX)(?!BCDF-GHJK)[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}\b/g, "USER-CODE");
}
