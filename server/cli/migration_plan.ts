/** `migrate --plan`. */
import { EXIT } from "../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions } from "../../shared/table.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ServerIo } from "../io.ts";
import { openReachable } from "../open_store.ts";
import {
  type Blocked,
  planMigrations,
  type PlannedMigration,
  type PlannedTable,
} from "../store/db/plan_migrations.ts";
import { formatBytes } from "./admin/keeping/amounts.ts";
import { reportDatabase } from "./failure.ts";

const BLOCKED_TEXT: Record<Blocked, string> = {
  reads_and_writes: "reads and writes",
  writes: "writes",
  schema_changes: "nothing",
};

type Row = { migration: PlannedMigration; table?: PlannedTable };

const PLAN: Table<Row> = {
  columns: [
    { title: "MIGRATION", cell: ({ migration }) => migration.name, flexible: true },
    { title: "TABLE", cell: ({ table }) => table?.name ?? "new ones only" },
    {
      title: "BLOCKS",
      cell: ({ table }) =>
        table === undefined
          ? "nothing"
          : `${BLOCKED_TEXT[table.blocks]}${table.isRewritten ? ", rewrites" : ""}`,
    },
    { title: "ROWS", cell: ({ table }) => table === undefined ? null : String(table.rows) },
    { title: "SIZE", cell: ({ table }) => table === undefined ? null : formatBytes(table.bytes) },
  ],
  toJson: () => ({}),
  empty: "There are no pending migrations.",
};

/** Shows what `migrate` would do, and changes nothing. */
export async function reportPlan(
  config: ServerConfig,
  { json, wide }: TableOptions,
  io: ServerIo,
): Promise<number> {
  const database = await openReachable(config, io, { mustExist: true, patient: false });
  const scratchFolder = await Deno.makeTempDir({ prefix: "migration-plan-" });
  try {
    reportDatabase(database.description, io);
    const plan = await planMigrations(database.sql, io.clock, { scratchFolder });
    if (json) io.stdout(`${JSON.stringify(toJson(plan), undefined, 2)}\n`);
    else {
      const rows = plan.flatMap((migration): Row[] =>
        migration.tables.length === 0
          ? [{ migration }]
          : migration.tables.map((table) => ({ migration, table }))
      );
      printTable(PLAN, rows, { wide }, io);
      if (plan.length > 0) io.stderr(advice(plan));
    }
    return EXIT.ok;
  } finally {
    await database.close();
    await Deno.remove(scratchFolder, { recursive: true }).catch(() => {});
  }
}

function toJson(plan: readonly PlannedMigration[]) {
  return {
    canServeMeanwhile: plan.every(({ isCompatible }) => isCompatible),
    migrations: plan.map(({ name, isConcurrent, isCompatible, tables }) => ({
      name,
      concurrent: isConcurrent,
      compatible: isCompatible,
      tables: tables.map(({ name, blocks, isRewritten, rows, bytes }) => ({
        name,
        blocks: blocks === "schema_changes" ? "nothing" : blocks,
        rewritten: isRewritten,
        rows,
        bytes,
      })),
    })),
  };
}

function advice(plan: readonly PlannedMigration[]): string {
  const incompatible = plan.filter(({ isCompatible }) => !isCompatible);
  if (incompatible.length > 0) {
    return `Stop all servers first: the previous version does not work with ${
      incompatible[0].name
    }${incompatible.length > 1 ? ` and ${incompatible.length - 1} more` : ""}.\n`;
  }
  const rewritten = plan.some(({ tables }) => tables.some(({ isRewritten }) => isRewritten));
  return "The previous version can serve meanwhile. " +
    (rewritten
      ? "Requests wait while tables are rewritten: choose a quiet time.\n"
      : "Locks that block are held for moments.\n");
}
