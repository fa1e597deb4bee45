/** Untrusted text, wherever it is shown: no character may act on a terminal, hide, or reorder. */
import assert from "node:assert/strict";
import {
  escapeUnsafe,
  formatJson,
  sanitizeLine,
  sanitizeOutput,
  sanitizePage,
  sanitizeStyledOutput,
} from "../../shared/sanitize.ts";

/** Each range that must not reach a terminal, and why. */
const UNSAFE: [why: string, from: number, to: number][] = [
  ["C0", 0x00, 0x1f],
  ["DEL and C1", 0x7f, 0x9f],
  ["soft hyphen", 0xad, 0xad],
  ["combining grapheme joiner", 0x34f, 0x34f],
  ["Arabic letter mark", 0x61c, 0x61c],
  ["Hangul fillers", 0x115f, 0x1160],
  ["Mongolian variation selectors and vowel separator", 0x180b, 0x180f],
  ["zero width, left-to-right and right-to-left marks", 0x200b, 0x200f],
  ["line and paragraph separators, embeddings and overrides", 0x2028, 0x202e],
  ["word joiner, invisible operators, isolates", 0x2060, 0x206f],
  ["Hangul filler", 0x3164, 0x3164],
  ["lone surrogates", 0xd800, 0xdfff],
  ["variation selectors", 0xfe00, 0xfe0f],
  ["byte order mark", 0xfeff, 0xfeff],
  ["interlinear annotation", 0xfff9, 0xfffb],
  ["noncharacters", 0xfffe, 0xffff],
  ["musical format controls", 0x1d173, 0x1d17a],
  ["tag characters", 0xe0000, 0xe007f],
  ["variation selectors 17 to 256", 0xe0100, 0xe01ef],
];

/** Every unsafe character, with its name for a failing assertion. */
function* unsafeCharacters(): Generator<[name: string, character: string]> {
  for (const [why, from, to] of UNSAFE) {
    for (let code = from; code <= to; code++) {
      yield [`${why}: U+${code.toString(16)}`, String.fromCodePoint(code)];
    }
  }
}

Deno.test("a sanitized line has no unsafe character", () => {
  for (const [name, character] of unsafeCharacters()) {
    assert.equal(sanitizeLine(`a${character}b`), "a b", name);
  }
  assert.equal(sanitizeLine("\x1b]0;title\x07\x1b[2Jx"), "]0;title [2Jx");
});

Deno.test("output has no unsafe character but line breaks and tabs", () => {
  for (const [name, character] of unsafeCharacters()) {
    const escaped = [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`).join("");
    const expected = character === "\n" || character === "\t" ? character : escaped;
    for (const sanitize of [sanitizeOutput, sanitizeStyledOutput]) {
      assert.equal(sanitize(`é${character}b\n`), `é${expected}b\n`, name);
      assert.equal(sanitize(`a${character}b\n`), `a${expected}b\n`, name);
    }
    assert.equal(escapeUnsafe(character), escaped, name);
  }
});

Deno.test("JSON is the same JSON, without unsafe characters", () => {
  const characters = [...unsafeCharacters()].map(([, character]) => character);
  const value = { [characters.join("")]: [...characters, "é🔑"] };
  const text = formatJson(value);
  assert.deepEqual(JSON.parse(text), value);
  assert.match(text, /^\{\n {2}"[\x20-\x7e]*": \[\n[\x20-\x7eé🔑\n]*\]\n\}\n$/u);
});

Deno.test("text in any script stays as it is", () => {
  for (
    const text of [
      "Zoë",
      "日本語",
      "עברית",
      "العربية",
      "ก็ขอบคุณ",
      "हिन्दी",
      "🔑",
      "🇩🇪",
      "👍🏽",
      "❤️",
      "x²",
    ]
  ) {
    assert.equal(sanitizeLine(text), text);
    assert.equal(sanitizeOutput(`${text}\n`), `${text}\n`);
  }
});

Deno.test("a variation selector stays only where it styles an emoji", () => {
  assert.equal(sanitizeLine("❤\ufe0f\ufe0f\ufe0f!"), "❤\ufe0f !");
  assert.equal(sanitizeLine("a\ufe0f"), "a");
  // A message hidden in one emoji by selectors 17 to 256.
  const hidden = [..."evil"].map((letter) => String.fromCodePoint(0xe0100 + letter.charCodeAt(0)));
  assert.equal(sanitizeLine(`😀${hidden.join("")}`), "😀");
});

Deno.test("spaces cannot move text to where another line would start", () => {
  assert.equal(sanitizeLine(`a${" ".repeat(70)}\u00a0\u2800\u3000\u200b${" ".repeat(70)}b`), "a b");
});

Deno.test("standard error passes the command line's own escape sequences only", () => {
  const own = ["\x1b[1mbold\x1b[22m\n", "\x1b[2mfaint\x1b[22m", "\x1b[97;40m▀\x1b[0m\n"];
  for (const text of own) assert.equal(sanitizeStyledOutput(text), text);
  assert.equal(sanitizeStyledOutput("\r\x1b[2m1:23\x1b[22m\x1b[K"), "\r\x1b[2m1:23\x1b[22m\x1b[K");
  assert.equal(sanitizeStyledOutput("\r\x1b[K"), "\r\x1b[K");
  // A name within a message: it cannot rewrite the line that it is in.
  assert.equal(sanitizeStyledOutput("Hello \rx\x1b[K!\n"), "Hello \\u000dx\\u001b[K!\n");
  assert.equal(sanitizeStyledOutput("\rHello \r\x1b[8m\x1b[K"), "\rHello \\u000d\\u001b[8m\x1b[K");
  for (const other of ["\x1b[2J", "\x1b[8m", "\x1b]52;c;aGk=\x07", "\x1b[1;8m", "\x9b1m"]) {
    // deno-lint-ignore no-control-regex -- they are what must be absent
    assert.doesNotMatch(sanitizeStyledOutput(`x${other}y`), /[\x00-\x1f\x7f-\x9f]/);
  }
  assert.equal(sanitizeOutput("\x1b[1mbold\x1b[22m"), "\\u001b[1mbold\\u001b[22m");
});

Deno.test("a page has no unsafe character but those that text is laid out with", () => {
  const kept = ["\t", "\n", "\r", "\u200c", "\u200d", "\ufe0e", "\ufe0f"];
  for (const [name, character] of unsafeCharacters()) {
    const expected = kept.includes(character) ? character : "\ufffd";
    assert.equal(sanitizePage(`<p>a${character}b</p>`), `<p>a${expected}b</p>`, name);
  }
});
