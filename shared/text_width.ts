/** Columns that text takes on a terminal, which are not its UTF-16 units. */

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Characters of two columns: those that Unicode Standard Annex 11 calls wide or fullwidth. Emoji are
 * found by their property.
 */
const WIDE_RANGES = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2fb],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

/** Shown on top of the character before, or not at all; vowels within a Korean syllable too. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]$/u;
const REGIONAL_INDICATOR = /^[\u{1f1e6}-\u{1f1ff}]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
/** Selects the picture instead of the text. */
const EMOJI_SELECTOR = "\ufe0f";

let segmenter: Intl.Segmenter | undefined;

/** The columns of one line. */
export function textWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of graphemes(text)) width += graphemeWidth(character);
  return width;
}

/** `text` in at most `columns` columns, with an ellipsis if something was cut off. */
export function shortenToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return "";
  let shortened = "";
  let width = 1;
  for (const character of graphemes(text)) {
    width += graphemeWidth(character);
    if (width > columns) break;
    shortened += character;
  }
  return `${shortened.trimEnd()}…`;
}

/** `text` with spaces to at least `columns` columns. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

/** What a reader takes for one character: a letter with its accents, an emoji, a flag. */
function* graphemes(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function graphemeWidth(grapheme: string): number {
  if (grapheme.includes(EMOJI_SELECTOR)) return 2;
  let width = 0;
  for (const character of grapheme) {
    const own = characterWidth(character);
    // The parts of an emoji are one picture.
    if (own === 2 && width > 0) return 2;
    width += own;
  }
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  // Two of them are a flag.
  if (REGIONAL_INDICATOR.test(character)) return 1;
  return EMOJI.test(character) || WIDE_RANGES.some(([from, to]) => code >= from && code <= to)
    ? 2
    : 1;
}
