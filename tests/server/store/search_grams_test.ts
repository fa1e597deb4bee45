/** The function of the database on whose results the indexes for searches within texts are built. */
import assert from "node:assert/strict";
import { testStore } from "../../support/test_store.ts";

/** All parts of three characters, and those of two that are not plain ASCII. */
function gramsOf(texts: readonly (string | null)[]): Set<string> {
  const grams = new Set<string>();
  for (const text of texts) {
    const characters = [...text ?? ""];
    for (const index of characters.keys()) {
      const three = characters.slice(index, index + 3);
      if (three.length === 3) grams.add(three.join(""));
      const two = characters.slice(index, index + 2);
      if (two.length === 2 && /[^\0-\x7f]/.test(two.join(""))) grams.add(two.join(""));
    }
  }
  return grams;
}

testStore("search_grams", {
  async "returns each part of the texts once or more, and nothing else"({ sql }) {
    const examples: (string | null)[][] = [
      [],
      [""],
      ["a"],
      ["ab"],
      ["abc"],
      ["alice@example.com", "alice liddell"],
      ["ab", "cd"],
      ["é", "éa", "aé", "日本", "日本語", "😀😀"],
      [null],
      [null, "anna"],
      ["aaaa"],
    ];
    for (const texts of examples) {
      const [{ grams }] = await sql<{ grams: string[] }[]>`
        select to_jsonb(search_grams(variadic (
          select coalesce(array_agg(t), '{}') from jsonb_array_elements_text(${sql.json(texts)}) t
        ))) as grams`;
      assert.deepEqual(new Set(grams), gramsOf(texts), JSON.stringify(texts));
    }
  },
});
