/** A terminal as a picture that moves: what it shows, one screen after the other. */

export interface Frame {
  /** As `renderScreen` of tests/support/screen.ts writes it: styles as `‹bold›text‹/›`. */
  screen: string;
  /** How long it is shown, in seconds. */
  seconds: number;
}

const COLUMN_WIDTH = 8.4;
const LINE_HEIGHT = 20;
const PADDING = 20;
const BAR_HEIGHT = 32;

/** Animated only by CSS, as pages that show it as an image run no scripts. */
export function terminalSvg(
  frames: readonly Frame[],
  { columns, title }: { columns: number; title: string },
): string {
  const rows = Math.max(...frames.map(({ screen }) => screen.split("\n").length));
  const width = Math.ceil(columns * COLUMN_WIDTH + 2 * PADDING);
  const height = rows * LINE_HEIGHT + 2 * PADDING + BAR_HEIGHT;
  const total = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  let start = 0;
  const rules: string[] = [];
  const groups: string[] = [];
  for (const [index, { screen, seconds }] of frames.entries()) {
    const from = percent(start / total);
    start += seconds;
    const to = percent(start / total);
    rules.push(
      `@keyframes f${index}{0%{opacity:${index === 0 ? 1 : 0}}${from}{opacity:1}` +
        `${to}{opacity:${index === frames.length - 1 ? 1 : 0}}` +
        `100%{opacity:${index === frames.length - 1 ? 1 : 0}}}`,
      `#f${index}{animation:f${index} ${total}s steps(1,end) infinite}`,
    );
    const isLast = index === frames.length - 1;
    groups.push(`<g id="f${index}" class="${isLast ? "last" : "frame"}">${lines(screen)}</g>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" \
height="${height}" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dce5;white-space:pre}
.bold{font-weight:700;fill:#fff}.faint{fill:#8b95a7}.red{fill:#ff8b82}.green{fill:#7ee2a8}.yellow{fill:#f2cf7a}.inverse{fill:#fff}
.frame{opacity:0}
${rules.join("\n")}
@media (prefers-reduced-motion:reduce){g{animation:none!important}}
</style>
<rect width="${width}" height="${height}" rx="10" fill="#12161f"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/>\
<circle cx="60" cy="18" r="6" fill="#28c840"/>
${groups.join("\n")}
</svg>
`;
}

function lines(screen: string): string {
  return screen.split("\n").map((line, row) => {
    if (line === "") return "";
    const y = BAR_HEIGHT + PADDING + (row + 0.7) * LINE_HEIGHT;
    return `<text x="${PADDING}" y="${y}">${spans(line)}</text>`;
  }).join("");
}

/** A line with its styles, which may be several of one text: `‹bold green›`. */
function spans(line: string): string {
  let svg = "";
  let style = "";
  for (const part of line.split(/(‹[^‹›]*›)/)) {
    if (part.startsWith("‹")) style = part === "‹/›" ? "" : part.slice(1, -1);
    else if (part !== "") {
      svg += style === ""
        ? escape(part)
        : `<tspan class="${escape(style)}">${escape(part)}</tspan>`;
    }
  }
  return svg;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
