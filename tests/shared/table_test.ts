import assert from "node:assert/strict";
import { printTable, stateCell, type Table, timeCell } from "../../shared/table.ts";
import { textWidth } from "../../shared/text_width.ts";

const NOW = Date.parse("2026-11-26T10:00:00Z");

interface Row {
  name: string;
  state?: string;
  scopes?: string;
  used?: string;
  note?: string;
}

const table: Table<Row> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    { title: "STATE", cell: ({ state }) => state === undefined ? null : stateCell(state) },
    { title: "SCOPES", cell: ({ scopes }) => scopes ?? null, flexible: true, priority: 2 },
    { title: "USED", cell: ({ used }) => timeCell(used), absent: "never", priority: 1 },
    { title: "NOTE", cell: ({ note }) => note ?? null, wideOnly: true },
  ],
  toJson: ({ name, used }) => ({ name, usedAt: used ?? null }),
  empty: "There are no rows. To add one, run: program add",
};

const rows: Row[] = [
  { name: "ci", state: "active", scopes: "deploy read", used: "2026-11-23T10:00:00Z", note: "x" },
  { name: "build-and-publish", state: "revoked" },
];

function printed(
  data: Row[],
  { columns, env = {}, ...options }: {
    columns?: number;
    env?: Record<string, string>;
    json?: boolean;
    wide?: boolean;
  },
) {
  const text = { stdout: "", stderr: "" };
  printTable(table, data, options, {
    stdout: (more) => Boolean(text.stdout += more),
    stderr: (more) => void (text.stderr += more),
    stdoutIsTerminal: columns !== undefined,
    stdoutColumns: () => columns ?? 80,
    env,
    clock: { now: () => NOW },
  });
  return text;
}

const plain = { NO_COLOR: "1" };

Deno.test("aligns the columns of a terminal, without trailing spaces", () => {
  assert.equal(
    printed(rows, { columns: 80, env: plain }).stdout,
    "NAME               STATE    SCOPES       USED\n" +
      "ci                 active   deploy read  3 days ago\n" +
      "build-and-publish  revoked  -            never\n",
  );
});

Deno.test("drops the least useful columns, then shortens flexible ones", () => {
  const at = (columns: number) => printed(rows, { columns, env: plain }).stdout;
  assert.equal(
    at(40),
    "NAME               STATE    SCOPES\n" +
      "ci                 active   deploy read\n" +
      "build-and-publish  revoked  -\n",
  );
  assert.equal(
    at(30),
    "NAME               STATE\nci                 active\nbuild-and-publish  revoked\n",
  );
  assert.equal(
    at(20),
    "NAME         STATE\nci           active\nbuild-and-…  revoked\n",
  );
});

Deno.test("fits every terminal, whatever the cells have", () => {
  const wide: Row[] = [
    { name: "日本語".repeat(20), state: "active", scopes: "🚀 ".repeat(30), used: "2026-11-26" },
    { name: "x".repeat(2000), state: "a state\nwith a break", scopes: "e\u0301".repeat(50) },
  ];
  for (let columns = 8; columns < 200; columns += 7) {
    const lines = printed(wide, { columns, env: plain }).stdout.split("\n");
    assert.equal(lines.length, 4);
    for (const line of lines) assert.ok(textWidth(line) <= columns, `${columns}: ${line}`);
  }
});

Deno.test("shows all columns unshortened with --wide", () => {
  const { stdout } = printed(rows, { columns: 20, wide: true, env: plain });
  assert.match(stdout, /^NAME +STATE +SCOPES +USED +NOTE\n/);
  assert.match(stdout, /^build-and-publish +revoked +- +never +-$/m);
});

Deno.test("colors states, and nothing else, where the terminal shows colors", () => {
  const { stdout } = printed(rows, { columns: 80 });
  assert.ok(stdout.includes("  \x1b[32mactive\x1b[39m   deploy"), stdout);
  assert.ok(stdout.includes("\x1b[31mrevoked\x1b[39m"), stdout);
  assert.ok(stdout.startsWith("\x1b[1mNAME\x1b[22m "));
  for (const env of [plain, { TERM: "dumb" }]) {
    assert.ok(!printed(rows, { columns: 80, env }).stdout.includes("\x1b"));
  }
  assert.ok(!printed(rows, { env: { CLICOLOR_FORCE: "1" } }).stdout.includes("\x1b"));
});

Deno.test("prints tab-separated rows with every column in a pipe", () => {
  assert.equal(
    printed(rows, {}).stdout,
    "ci\tactive\tdeploy read\t2026-11-23T10:00:00.000Z\tx\n" +
      "build-and-publish\trevoked\t-\t-\t-\n",
  );
});

Deno.test("keeps a cell with tabs, line breaks or escape sequences in its place", () => {
  const hostile = [{ name: "a\nb\tc\r\x1b[2J", scopes: " " }];
  assert.equal(printed(hostile, {}).stdout, "a b c [2J\t-\t-\t-\t-\n");
  assert.equal(
    printed(hostile, { columns: 80, env: plain }).stdout,
    "NAME       STATE  SCOPES  USED\na b c [2J  -      -       never\n",
  );
});

Deno.test("says on standard error that there are no rows, and how to add one", () => {
  for (const columns of [80, undefined]) {
    assert.deepEqual(printed([], { columns }), { stdout: "", stderr: `${table.empty}\n` });
  }
  assert.deepEqual(printed([], { json: true }), { stdout: "[]\n", stderr: "" });
});

Deno.test("prints rows as JSON, on a terminal too", () => {
  assert.deepEqual(JSON.parse(printed(rows, { json: true, columns: 40 }).stdout), [
    { name: "ci", usedAt: "2026-11-23T10:00:00Z" },
    { name: "build-and-publish", usedAt: null },
  ]);
});
