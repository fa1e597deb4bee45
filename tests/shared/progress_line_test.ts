import assert from "node:assert/strict";
import { progressLine } from "../../shared/progress_line.ts";

function written(columns: number, ...lines: [text: string, amount?: string][]): string[] {
  const writes: string[] = [];
  const line = progressLine((text) => void writes.push(text), () => columns);
  for (const [text, amount] of lines) line.show(text, amount);
  line.clear();
  return writes.map((text) => text.replace("\r", "<").replace("\x1b[K", ">"));
}

const PREPARING = "Preparing the database (first start only)…";

Deno.test("rewrites one line, and removes it", () => {
  assert.deepEqual(written(80, [PREPARING, "0 %"], [PREPARING, "0 %"], [PREPARING, "37 %"]), [
    `<${PREPARING} 0 %>`,
    `<${PREPARING} 37 %>`,
    "<>",
  ]);
  assert.deepEqual(written(80), []);
});

Deno.test("shortens the text and never the amount, and leaves three columns free", () => {
  const [line] = written(40, [PREPARING, "100 %"]);
  assert.equal(line, "<Preparing the database (first… 100 %>");
  assert.ok(line.length - 2 <= 37);
  assert.equal(written(40, [PREPARING])[0], "<Preparing the database (first start…>");
  assert.equal(written(8, [PREPARING, "37 %"])[0], "< 37 %>");
  assert.equal(written(22, ["日本語日本語日本語", "5 %"])[0], "<日本語日本語日… 5 %>");
});
