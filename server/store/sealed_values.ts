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

/** How many values each key encrypts. */
export async function countSealedValues(sql: Sql): Promise<SealedCount[]> {
  const counts: SealedCount[] = [];
  for (const { table, column } of SEALED_COLUMNS) {
    const rows = await sql<{ key: string; count: number }[]>`
      select ${namedKey(sql, column)} as key, count(*)::int as count from ${sql(table)}
      where octet_length(${sql(column)}) > 0 group by 1 order by 1`;
    counts.push(...rows.map((row) => ({ column: columnName({ table, column }), ...row })));
  }
  return counts;
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
