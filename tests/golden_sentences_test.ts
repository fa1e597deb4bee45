/** The texts that users see are whole sentences: a value or a list that is empty leaves no gap. */
import assert from "node:assert/strict";
import { listText } from "../shared/list_text.ts";
import { firstText } from "../client/oauth/error_message.ts";
import { hasGap } from "./support/sentence_gaps.ts";
import { walk } from "./support/walk.ts";

/** Code of messages, and what rpm prints: a label, and below it a text. */
const OTHERS = ["client/errors.txt", "packages/rpm.txt"];

const golden = new URL("golden/", import.meta.url);

Deno.test("no text in tests/golden has a gap where a value should be", () => {
  const gaps = walk(golden, "", ".txt").filter((path) => !OTHERS.includes(path)).flatMap((path) =>
    Deno.readTextFileSync(new URL(path, golden)).split("\n").flatMap((line, index) =>
      hasGap(line) ? [`${path}:${index + 1}: ${line}`] : []
    )
  );
  assert.deepEqual(gaps, []);
});

Deno.test("names what is empty", () => {
  assert.equal(listText([], "none"), "none");
  assert.equal(listText([""], "none"), '""');
  assert.equal(listText(["deploy", " "], "none"), 'deploy " "');
  assert.equal(firstText("", undefined, "\u202e\u0007", "invalid_scope"), "invalid_scope");
  assert.equal(firstText(" ", null), undefined);
});
