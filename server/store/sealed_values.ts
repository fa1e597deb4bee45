/** Encrypted values of all tables, to encrypt them with another key. */
import { SEALED_COLUMNS, type SealedColumn } from "../security/sealed_columns.ts";
import type { Sql } from "./db/connect.ts";

/** Which key a stored value names, as keyOf (server/security/encryption.ts) says it. */
export type NamedKey = string | "plain" | "unnamed";

export interface SealedCount {
  column: SealedColumn;
  key: NamedKey;
  count: number;
}

/** Rows that one statement counts: tables may have millions. */
const COUNT_BATCH = 20_000;

/** How many values each key encrypts, among the first `maxRows` of each table. */
export async function countSealedValues(
  sql: Sql,
  { batch = COUNT_BATCH, maxRows = Infinity } = {},
): Promise<{ counts: SealedCount[]; isWhole: boolean }> {
  const counts: SealedCount[] = [];
  let isWhole = true;
  for (const declared of SEALED_COLUMNS) {
    const column = columnName(declared);
    const counted = await countColumn(sql, declared, { batch, maxRows });
    for (const [key, count] of counted.counts) counts.push({ column, key, count });
    isWhole &&= counted.isWhole;
  }
  return { counts, isWhole };
}

async function countColumn(
  sql: Sql,
  { table, column, row }: typeof SEALED_COLUMNS[number],
  { batch, maxRows }: { batch: number; maxRows: number },
): Promise<{ counts: [NamedKey, number][]; isWhole: boolean }> {
  const counts = new Map<NamedKey, number>();
  const sorted = () => [...counts].sort(([a], [b]) => a < b ? -1 : 1);
  let after: string | undefined;
  for (let total = 0; total < maxRows;) {
    const limit = Math.min(batch, maxRows - total);
    const rows = await sql<{ key: string | null; count: number; last: string }[]>`
      with batch as (
        select ${sql(row)} as row,
          case when octet_length(${sql(column)}) > 0 then ${namedKey(sql, column)} end as key
        from ${sql(table)} ${after === undefined ? sql`` : sql`where ${sql(row)} > ${after}`}
        order by ${sql(row)} limit ${limit}
      )
      select key, count(*)::int as count,
        (select row::text from batch order by row desc limit 1) as last
      from batch group by key order by key`;
    let read = 0;
    for (const { key, count } of rows) {
      read += count;
      if (key !== null) counts.set(key, (counts.get(key) ?? 0) + count);
    }
    if (read < limit) return { counts: sorted(), isWhole: true };
    total += read;
    after = rows[0].last;
  }
  return { counts: sorted(), isWhole: false };
}

export interface SealedValue {
  row: string;
  value: Uint8Array;
}

/**
 * The values of a column that the key `target` does not encrypt, by row and at most `limit`. `after`
 * is the row of the last one that was seen.
 */
export async function listOtherSealedValues(
  sql: Sql,
  name: SealedColumn,
  { target, after, limit }: { target: NamedKey; after: string | undefined; limit: number },
): Promise<SealedValue[]> {
  const { table, column, row } = find(name);
  const later = after === undefined ? sql`` : sql`and ${sql(row)} > ${after}`;
  return await sql<SealedValue[]>`
    select ${sql(row)}::text as row, ${sql(column)} as value from ${sql(table)}
    where octet_length(${sql(column)}) > 0 and ${namedKey(sql, column)} <> ${target} ${later}
    order by ${sql(row)} limit ${limit}`;
}

/** False if the value has changed meanwhile. */
export async function replaceSealedValue(
  sql: Sql,
  name: SealedColumn,
  { row, from, to }: { row: string; from: Uint8Array; to: Uint8Array },
): Promise<boolean> {
  const { table, column, row: rowColumn } = find(name);
  const { count } = await sql`
    update ${sql(table)} set ${sql(column)} = ${to}
    where ${sql(rowColumn)} = ${row} and ${sql(column)} = ${from}`;
  return count === 1;
}

function find(name: SealedColumn) {
  return SEALED_COLUMNS.find((declared) => columnName(declared) === name)!;
}

function columnName({ table, column }: { table: string; column: string }): SealedColumn {
  return `${table}.${column}` as SealedColumn;
}

/** The formats of server/security/encryption.ts. */
function namedKey(sql: Sql, column: string) {
  return sql`case get_byte(${sql(column)}, 0) when 0 then 'plain'
    when 2 then encode(substring(${sql(column)} from 2 for 6), 'hex') else 'unnamed' end`;
}
