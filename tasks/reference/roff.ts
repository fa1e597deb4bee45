/** The part of roff's man macros that our manuals use: man(7), groff_man(7). */

const SPECIAL: Record<string, string> = {
  "\\": "\\e",
  "-": "\\-",
  "^": "\\(ha",
  "~": "\\(ti",
  "`": "\\(ga",
  '"': "\\(dq",
};

/** Text as it is: no character of it is a request, an escape or a typographic replacement. */
export function roffText(text: string): string {
  const escaped = text.replaceAll(/[\\^~`"-]/g, (character) => SPECIAL[character])
    // The control characters only count at the beginning of a line.
    .replace(/^[.']/, "\\&$&");
  return Array.from(escaped, (character) => {
    const code = character.codePointAt(0)!;
    return code < 128 ? character : `\\[u${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  }).join("");
}

export const bold = (text: string) => `\\fB${roffText(text)}\\fR`;

export const section = (title: string) => `.SH ${title}\n`;

export const subsection = (title: string) => `.SS ${roffText(title)}\n`;

/** Already formatted text, in a paragraph of its own. */
export const paragraph = (formatted: string) => `.PP\n${formatted}\n`;

/** A term and, indented below it, what it is. */
export const item = (term: string, description: string) =>
  `.TP\n${bold(term)}\n${roffText(description)}\n`;

/** An option: what it takes is set in italics. */
export function optionItem(flags: string, description: string): string {
  const term = flags.split(/(<[^>]*>|\[[^\]]*\])/)
    .map((part, index) =>
      part === "" ? "" : index % 2 === 0 ? bold(part) : `\\fI${roffText(part)}\\fR`
    )
    .join("");
  return `.TP\n${term}\n${roffText(description)}\n`;
}

/** Lines that are shown as they are. */
export const literal = (lines: readonly string[]) =>
  `.PP\n.RS 4\n.nf\n${lines.map(roffText).join("\n")}\n.fi\n.RE\n`;
