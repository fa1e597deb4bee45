import assert from "node:assert/strict";
import { isChosen } from "../../../tasks/bench/choice.ts";
import type { OperationRow } from "../../../tasks/bench/operation_rows.ts";
import { ratioTable } from "../../../tasks/bench/ratio_table.ts";

const row = (
  operation: OperationRow["operation"],
  server: string,
  perSecond: number,
  ratio?: number,
): OperationRow => ({
  ...{ operation, server, perSecond, ratio },
  ...{ p50: 1, p99: 1, serverUs: 1, databaseUs: 1, failed: 0 },
});

Deno.test("has one row for each operation, and a column for each other server", () => {
  const rows = [
    row("refresh", "ours", 100),
    row("introspection", "ours", 5000.4),
    row("introspection", "Dex", 100, 50.04),
    row("introspection", "Hydra", 4000, 1.25),
    row("password sign-in", "ours", 0.7),
    row("password sign-in", "Dex", 2, 0.35),
  ];
  assert.deepEqual(ratioTable(rows, "ours", ({ ratio }) => ratio), [
    ["operation", "ours, per s", "Dex", "Hydra"],
    ["introspection", "5000", "50", "1.3"],
    ["refresh", "100", "", ""],
    ["password sign-in", "0.7", "0.35", ""],
  ]);
});

Deno.test("a quick run leaves out what takes minutes to start, unless it is named", () => {
  assert.equal(isChosen("Keycloak", "quick"), false);
  assert.equal(isChosen("Keycloak", ["Keycloak"]), true);
  assert.equal(isChosen("Dex", "quick"), true);
  assert.equal(isChosen("Dex", ["Keycloak"]), false);
  assert.equal(isChosen("Keycloak", "all"), true);
});
