/** Invariant: names that look the same, or differ only in case, have one key. */
import assert from "node:assert/strict";
import { findByName, nameKey } from "../../shared/name_key.ts";

Deno.test("what makes no difference in a name", () => {
  const alike: string[][] = [
    [
      "admin@example.com",
      "ADMIN@Example.COM",
      "ａｄｍｉｎ@example.com",
      "ad\u200dmin\ufe0f@example.com",
    ],
    // Composed and decomposed; the Kelvin and the Ångström sign; long s; ligature.
    ["jürgen@example.com", "ju\u0308rgen@example.com", "JU\u0308RGEN@example.com"],
    ["kelvin", "\u212aelvin", "KELVIN"],
    ["\u00e5se", "\u212bse", "a\u030ase"],
    ["strasse", "\u017ftrasse"],
    ["office", "o\ufb03ce"],
    // A small sigma has another form at the end of a word.
    ["οδος", "ΟΔΟΣ", "οδοσ"],
    ["i\u0307stanbul", "\u0130stanbul"],
  ];
  for (const [first, ...others] of alike) {
    for (const other of others) assert.equal(nameKey(other), nameKey(first), other);
    assert.equal(nameKey(nameKey(first)), nameKey(first));
  }
  const different = ["admin", "adm\u0131n", "adm\u0130n", "admín", "аdmin"];
  assert.equal(new Set(different.map(nameKey)).size, different.length);
});

Deno.test("a name means the item of just this name before those of the same key", () => {
  const names = ["Deploy", "deploy", "J\u00fcrgen"];
  const find = (name: string) => findByName(names, name, (candidate) => candidate);
  assert.deepEqual(find("deploy"), ["deploy"]);
  assert.deepEqual(find("DEPLOY"), ["Deploy", "deploy"]);
  assert.deepEqual(find("Ju\u0308rgen"), ["J\u00fcrgen"]);
  assert.deepEqual(find("deplo"), []);
});
