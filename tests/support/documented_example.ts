/** One example of a page of the documentation, by its language and what it contains. */
import assert from "node:assert/strict";
import { codeBlocks, readFromRoot } from "./documentation.ts";

export async function documentedExample(page: string, language: string, has = ""): Promise<string> {
  const examples = codeBlocks(page, await readFromRoot(page))
    .filter((block) => block.language === language && block.code.includes(has));
  assert.equal(
    examples.length,
    1,
    `${page} has ${examples.length} blocks of ${language} with “${has}”`,
  );
  return examples[0].code;
}
