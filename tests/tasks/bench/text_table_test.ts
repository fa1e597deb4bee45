import assert from "node:assert/strict";
import { textTable } from "../../../tasks/bench/text_table.ts";

Deno.test("aligns names at the left, and figures at the right", () => {
  assert.equal(
    textTable([["operation", "server", "per s"], ["poll", "Dex", "12"], ["refresh", "x", ""]], 2),
    ["operation  server  per s", "poll       Dex        12", "refresh    x"].join("\n"),
  );
});
