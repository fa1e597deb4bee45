/** Every decision has a status and a date, and the index lists it. */
import assert from "node:assert/strict";
import { filesBelow, readFromRoot } from "../support/documentation.ts";

const FOLDER = "docs/decisions";
const STATUS = /^- Status: (proposed|accepted|rejected|superseded by \[\d+\]\(\d{4}-[\w-]+\.md\))/m;
const DATE = /^- Date: (\d{4}-\d\d-\d\d)/m;

async function decisions(): Promise<{ file: string; text: string }[]> {
  const paths = await filesBelow(FOLDER, /^\d{4}-[a-z0-9-]+\.md$/);
  return await Promise.all(
    paths.map(async (path) => ({
      file: path.slice(FOLDER.length + 1),
      text: await readFromRoot(path),
    })),
  );
}

Deno.test("every decision has a number, a status, a date and its sections", async () => {
  for (const [index, { file, text }] of (await decisions()).entries()) {
    assert.equal(Number(file.slice(0, 4)), index + 1, file);
    assert.ok(text.startsWith(`# ${index + 1}. `), file);
    assert.match(text, STATUS, file);
    assert.match(text, DATE, file);
    for (const section of ["Context", "Decision", "Consequences"]) {
      assert.ok(text.includes(`\n## ${section}\n`), `${file}: ${section}`);
    }
  }
});

Deno.test("the index of decisions has each with its title, status and date", async () => {
  const index = await readFromRoot(`${FOLDER}/README.md`);
  const rows = [...index.matchAll(/^\| \[(\d+)\. (.+?)\]\((.+?)\) +\| (.+?) +\| (.+?) +\|$/gm)]
    .map(([, number, title, file, status, date]) => ({ number, title, file, status, date }));
  const expected = (await decisions()).map(({ file, text }) => {
    const [, number, title] = /^# (\d+)\. (.+)$/m.exec(text)!;
    const [, status] = STATUS.exec(text)!;
    const [, date] = DATE.exec(text)!;
    return { number, title, file, status, date };
  });
  assert.deepEqual(rows, expected);
});
