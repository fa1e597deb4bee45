import { createHash } from "node:crypto";
import type { Sql, Transaction } from "../db/connect.ts";
import { type DumpedTable, quoteName } from "./catalog.ts";

/** How many rows there are, and a checksum that does not depend on their order. */
export interface TableCheck {
  rows: number;
  checksum: string;
}

/** Rows that are read at a time. */
const BATCH_ROWS = 500;

/**
 * Runs `read` on one state of the database, however long it takes. Nothing that others write
 * meanwhile is seen.
 */
export async function readSnapshot<T>(
  sql: Sql,
  read: (tx: Transaction) => Promise<T>,
): Promise<T> {
  let started = false;
  return await sql.begin("isolation level repeatable read read only", async (tx) => {
    // What was read is on its way to a file: it cannot be repeated.
    if (started) throw new Error("the connection to the database was lost");
    started = true;
    await tx`set local statement_timeout = 0`;
    await tx`set local idle_in_transaction_session_timeout = 0`;
    return await read(tx);
  }) as T;
}

/** Counts the rows of a table and computes their checksum in the database. */
export async function checkTable(
  sql: Sql | Transaction,
  table: DumpedTable,
): Promise<TableCheck> {
  const [{ rows, checksum }] = await sql.unsafe<{ rows: string; checksum: string }[]>(`
    select count(*)::text as rows, coalesce(sum(
      ('x' || encode(substr(sha256(convert_to(line, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
    ), 0)::text as checksum
    from (select ${lineOf(table)} as line from ${quoteName(table.name)}) as dumped`);
  return { rows: Number(rows), checksum };
}

/** The same checksum over lines that were read. */
export class LineChecksum {
  #sum = 0n;
  #rows = 0;

  add(line: string): void {
    this.#sum += createHash("sha256").update(line).digest().readBigInt64BE();
    this.#rows++;
  }

  get(): TableCheck {
    return { rows: this.#rows, checksum: String(this.#sum) };
  }
}

/** The rows of a table in batches; each is a JSON array of texts, as PostgreSQL prints the values. */
export async function* readLines(
  tx: Transaction,
  table: DumpedTable,
): AsyncGenerator<string[]> {
  await tx.unsafe(
    `declare dump no scroll cursor for select ${lineOf(table)} as line from ${
      quoteName(table.name)
    }`,
  );
  for (;;) {
    const rows = await tx.unsafe<{ line: string }[]>(`fetch forward ${BATCH_ROWS} from dump`);
    if (rows.length > 0) yield rows.map(({ line }) => line);
    if (rows.length < BATCH_ROWS) break;
  }
  await tx.unsafe("close dump");
}

/** Text is how every type is written and read again without loss, NULL and JSON's null included. */
function lineOf({ columns }: DumpedTable): string {
  return `to_json(array[${
    columns.map((column) => `${quoteName(column)}::text`).join(", ")
  }]::text[])::text`;
}
