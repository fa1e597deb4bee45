/**
 * The one sanitizer of untrusted text, for the server and the CLI: terminals,
 * log collectors, mail and pages must show what was written, and nothing else.
 *
 * Unsafe are control characters (C0, DEL and C1, where U+009B is a terminal's escape
 * sequence in one character), format characters (bidirectional controls of Unicode
 * Standard Annex 9, zero-width and tag characters), lone surrogates, line and paragraph
 * separators, and all else that shows nothing (Default_Ignorable_Code_Point: variation
 * selectors, fillers). Private and unassigned characters show nothing one can rely on.
 */
const UNSAFE_CLASS = String.raw`[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

/** One emoji or text selector right after a pictograph selects its style and hides nothing. */
const EMOJI_STYLE = String.raw`(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]`;

/** Compiled when first needed: it takes half a millisecond, and most output is plain ASCII. */
const unsafePattern = once(() => new RegExp(`(?!${EMOJI_STYLE})${UNSAFE_CLASS}`, "gu"));
/** U+2800 is a Braille pattern without dots: it looks like a space. */
const unsafeOrSpacePattern = once(() =>
  new RegExp(
    String.raw`(?:(?!${EMOJI_STYLE})${UNSAFE_CLASS}|[\s\u2800])+`,
    "gu",
  )
);

/**
 * What browsers lay out with, or take as white space. Joiners and selectors are needed to
 * write Persian and emoji: a form must give back what a person has typed into it.
 */
const LAYOUT = /[\t\n\r\u200c\u200d\ufe0e\ufe0f]/;

/** What nearly every text consists of, and needs no look at each character. */
const PLAIN_ASCII = /^[\x20-\x7e\n\t]*$/;

/** Sequences the CLI writes itself: see createStyle, and the colors of a QR code. */
// deno-lint-ignore no-control-regex -- escape sequences are its subject
const OWN_STYLES = /(\x1b\[(?:0|1|2|22|31|32|33|39|97;40)m)/;
/** The line that counts down is rewritten: nothing but a whole write of this shape may do so. */
// deno-lint-ignore no-control-regex -- escape sequences are its subject
const REWRITTEN_LINE = /^\r([^]*)\x1b\[K$/;

/**
 * Untrusted text as one line of at most `max` characters. Unsafe characters and white
 * space become single spaces: long runs of spaces could pass for the start of another
 * line. Marks that would cover other lines are dropped: three on a letter are enough
 * for every language in use, once the usual ones are composed with it (NFC) and those
 * that take room of their own are not counted.
 */
export function sanitizeLine(untrusted: unknown, max = 200): string {
  const plain = String(untrusted).slice(0, 4 * max)
    .replace(unsafeOrSpacePattern(), " ").trim().normalize("NFC")
    .replace(/([\p{Mn}\p{Me}]{3})[\p{Mn}\p{Me}]+/gu, "$1");
  const characters = [...plain];
  return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : plain;
}

/**
 * `text` with each unsafe character as JSON's `\uXXXX`. Within JSON strings nothing
 * gets lost by it; elsewhere the reader sees what was there.
 */
export function escapeUnsafe(text: string): string {
  return text.replace(unsafePattern(), (unsafe) => {
    let escaped = "";
    for (let index = 0; index < unsafe.length; index++) {
      escaped += `\\u${unsafe.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** `value` as indented JSON with the newline a file ends with, safe to show. */
export function formatJson(value: unknown): string {
  return sanitizeOutput(`${JSON.stringify(value, null, 2)}\n`);
}

/**
 * The last check of whatever a process writes: unsafe characters but line breaks and
 * tabs are escaped, so that text which passed no other sanitizer is harmless too.
 */
export function sanitizeOutput(text: string): string {
  if (PLAIN_ASCII.test(text)) return text;
  return text.split(/([\n\t])/).map((part, index) => index % 2 === 1 ? part : escapeUnsafe(part))
    .join("");
}

/** The same for a page: unsafe characters become U+FFFD, which is seen. */
export function sanitizePage(html: string): string {
  // Most of a page is ASCII and need not be looked at.
  return html.replace(
    /[^\x20-\x7e\n]+/g,
    (rest) => rest.replace(unsafePattern(), (unsafe) => LAYOUT.test(unsafe) ? unsafe : "\ufffd"),
  );
}

/** The same for a terminal, where the CLI's own escape sequences pass. */
export function sanitizeStyledOutput(text: string): string {
  if (PLAIN_ASCII.test(text)) return text;
  const rewritten = REWRITTEN_LINE.exec(text);
  const sanitized = (rewritten?.[1] ?? text).split(OWN_STYLES)
    .map((part, index) => index % 2 === 1 ? part : sanitizeOutput(part)).join("");
  return rewritten === null ? sanitized : `\r${sanitized}\x1b[K`;
}

function once<T>(create: () => T): () => T {
  let value: T | undefined;
  return () => value ??= create();
}
