/** Edits of configuration files: what is inserted is valid, and taken out again exactly. */
import { strict as assert } from "node:assert";
import { applyInsertions, type Edit } from "../../../client/helpers/edit/edit.ts";
import { jsonEdit, type JsonSetting } from "../../../client/helpers/edit/json_edit.ts";
import { lineEdit } from "../../../client/helpers/edit/line_edit.ts";

/** The text with the setting, and without it again. */
function roundTrip(edit: Edit, text: string): string {
  const insertions = edit.insert(text);
  assert.ok(insertions.length > 0);
  const changed = applyInsertions(text, insertions);
  const inserted = insertions.map(({ text }) => text);
  assert.equal(edit.remove(changed, inserted), text);
  // Without a trace of it, nothing is taken out.
  assert.equal(edit.remove(text, inserted), text);
  return changed;
}

const SETTINGS: JsonSetting[] = [
  { path: ["a", "b"], key: "new", value: "own" },
  { path: ["a", "b"], key: "other", value: 'own "quoted" \\ {},' },
  { path: ["c"], key: "x", value: "own" },
];

const settingsEdit = jsonEdit({
  path: "/x.json",
  settings: () => SETTINGS,
  isOwn: (_path, _key, value) => typeof value === "string" && value.startsWith("own"),
});

/** The document with the settings, which come first. */
function withSettings(document: Record<string, unknown>) {
  const result = structuredClone(document);
  for (const { path, key, value } of SETTINGS) {
    let object = result;
    for (const name of path) object = (object[name] ??= {}) as Record<string, unknown>;
    object[key] = value;
  }
  return result;
}

const DOCUMENTS = [
  "{}",
  "{ }",
  "{\n}",
  "{\r\n}\r\n",
  '{"a":{}}',
  '{"a":{"b":{}},"c":{}}',
  '{"a":{"b":{"d":1}},"c":{"y":[{"}":"]"}]}}',
  '{\n  "a": {\n    "b": {\n      "d": "}\\"{,"\n    }\n  }\n}\n',
  '{\n\t"c": {\n\t\t"y": null\n\t},\n\t"z": [1, {"c": {}}, "[{"]\n}',
  '{\r\n    "a": {"b": {"d": true}, "e": -1.5e3},\r\n    "\\u0061b": "ä"\r\n}\r\n',
  ' \n{"z":{"c":{}}, "c" : { "y" : {} } } ',
  "",
  "\n",
];

Deno.test("inserts properties into JSON of any format, and takes them out again", () => {
  for (const text of DOCUMENTS) {
    const changed = roundTrip(settingsEdit, text);
    const before = text.trim() === "" ? {} : JSON.parse(text);
    assert.deepEqual(JSON.parse(changed), withSettings(before), text);
    for (const format of [undefined, 2, "\t"]) {
      // As its program writes the file again.
      const rewritten = JSON.stringify(JSON.parse(changed), undefined, format);
      const restored = JSON.parse(settingsEdit.remove(rewritten, ["not in it"]));
      assert.doesNotMatch(JSON.stringify(restored), /own/, text);
      assert.deepEqual(withSettings(restored), withSettings(before));
    }
  }
});

Deno.test("takes its property out of JSON to which others were added", () => {
  const edit = jsonEdit({
    path: "/x.json",
    settings: () => [{ path: [], key: "k", value: "own" }],
    isOwn: (_path, key, value) => key === "k" && value === "own",
  });
  const [{ text }] = edit.insert("{}");
  const changed = `{${text}`.replace(/\n$/, ',\n  "later": 1\n}');
  assert.deepEqual(JSON.parse(changed), { k: "own", later: 1 });
  assert.deepEqual(JSON.parse(edit.remove(changed, [text])), { later: 1 });
});

Deno.test("rejects JSON that is not an object", () => {
  for (const text of ["[]", "1", "{", "{}{}", '{"a":1,}', "// comment\n{}"]) {
    assert.throws(() => settingsEdit.insert(text), { code: "config_file" }, text);
  }
});

Deno.test("rejects JSON with another value in place of an object", () => {
  const edit = jsonEdit({
    path: "/x.json",
    settings: () => [{ path: ["a", "b"], key: "c", value: "own" }],
    isOwn: () => false,
  });
  for (const text of ['{"a":null}', '{"a":[]}', '{"a":{"b":"x"}}', '{"a":{},"a":1}']) {
    assert.throws(() => edit.insert(text), { code: "config_file" }, text);
  }
});

Deno.test("inserts lines at the start, the end or in a table, and takes them out again", () => {
  const texts = [
    "",
    "\n",
    "a = 1",
    "a = 1\n",
    "a = 1\r\nb = 2\r\n",
    "[t]",
    "[t]\n",
    "# [t]\n[u]\nx = 1\n[t] # comment\ny = 2\n",
    "\uFEFFa = 1\n",
    "[t.x]\n\n\n",
  ];
  for (const text of texts) {
    for (const place of ["start", "end", { table: "[t]" }] as const) {
      const edit = lineEdit({
        path: "/x",
        name: "n",
        lines: ["k = 1", "l = 2"],
        place,
        check() {},
      });
      const changed = roundTrip(edit, text);
      const lines = changed.replace("\uFEFF", "").split(/\r?\n/);
      const at = lines.indexOf("k = 1");
      if (place === "start") assert.equal(at, 1);
      if (typeof place === "object") {
        const header = lines.slice(0, at).findLast((line) => line.startsWith("["));
        assert.match(header!, /^\[t\]/);
      }
      if (text.includes("\r\n")) assert.doesNotMatch(changed, /[^\r]\n/);
    }
  }
});

Deno.test("keeps lines apart that were added after its own to a file without a final newline", () => {
  for (const newline of ["\n", "\r\n"]) {
    for (const text of ["a = 1", `a = 1${newline}[t]`]) {
      for (const place of ["end", { table: "[t]" }] as const) {
        const edit = lineEdit({ path: "/x", name: "n", check() {}, lines: ["own = 1"], place });
        const inserted = edit.insert(text);
        const changed = `${applyInsertions(text, inserted)}[w]\n`;
        const restored = edit.remove(changed, inserted.map(({ text }) => text));
        assert.deepEqual(restored.split(/\r?\n/), [...text.split(newline), "[w]", ""]);
      }
    }
  }
});
