import assert from "node:assert/strict";
import { formatTable } from "../../shared/table.ts";

Deno.test("pads each column to its widest cell, without trailing spaces", () => {
  assert.equal(
    formatTable([["NAME", "ROLE"], ["alice", "-"], ["b", "admin"]]),
    "NAME   ROLE\nalice  -\nb      admin\n",
  );
});

Deno.test("keeps a cell with line breaks or escape sequences on its own line", () => {
  const table = formatTable([["NAME"], ["a\nb  c\x1b[2J"]]);
  assert.equal(table, "NAME\na b c [2J\n");
});

Deno.test("shortens cells of more than 1000 characters", () => {
  assert.equal(formatTable([["x".repeat(2000)]]).length, 1001);
});
