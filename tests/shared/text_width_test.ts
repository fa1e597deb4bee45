import assert from "node:assert/strict";
import { padToWidth, shortenToWidth, textWidth } from "../../shared/text_width.ts";

Deno.test("counts the columns that a terminal uses", () => {
  const widths: [string, number][] = [
    ["", 0],
    ["deploy", 6],
    ["Zoë", 3],
    ["Zoe\u0308", 3],
    ["日本語", 6],
    ["한국어", 6],
    ["한".normalize("NFD"), 2],
    ["ﾊﾝｶｸ", 4],
    ["🚀", 2],
    ["👍🏽", 2],
    ["👩‍💻", 2],
    ["🇩🇪", 2],
    ["❤\ufe0f", 2],
    ["…–✓", 3],
    ["สวัสดี", 4],
  ];
  for (const [text, width] of widths) assert.equal(textWidth(text), width, text);
});

Deno.test("shortens text to a width, never within a character", () => {
  assert.equal(shortenToWidth("deploy", 6), "deploy");
  assert.equal(shortenToWidth("deployment", 6), "deplo…");
  assert.equal(shortenToWidth("deploy now", 8), "deploy…");
  assert.equal(shortenToWidth("日本語", 5), "日本…");
  assert.equal(shortenToWidth("日本語", 4), "日…");
  assert.equal(shortenToWidth("a👩‍💻b", 3), "a…");
  assert.equal(shortenToWidth("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  assert.equal(shortenToWidth("ab", 1), "…");
  assert.equal(shortenToWidth("ab", 0), "");
});

Deno.test("pads text to a width", () => {
  assert.equal(padToWidth("日本", 6), "日本  ");
  assert.equal(padToWidth("abc", 2), "abc");
});
