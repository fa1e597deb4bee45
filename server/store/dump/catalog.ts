import type { Sql, Transaction } from "../db/connect.ts";

/** A table with data. The partitions of a partitioned table are read and filled through it. */
export interface DumpedTable {
  name: string;
  /** Without generated columns. */
  columns: string[];
}

/** A partition, which the migrations do not create. */
export interface Partition {
  name: string;
  parent: string;
  /** As PostgreSQL prints it: `FOR VALUES FROM (…) TO (…)`. */
  bound: string;
}

export interface Sequence {
  name: string;
  lastValue: string;
}

/** Everything in the schema that has data, by PostgreSQL's own catalog. */
export interface Catalog {
  /** A table follows those that its foreign keys refer to. */
  tables: DumpedTable[];
  partitions: Partition[];
  sequences: Sequence[];
}

/** Where a table gets its rows: the type of each column, by name. */
export type ColumnTypes = ReadonlyMap<string, string>;

export async function readCatalog(sql: Sql | Transaction): Promise<Catalog> {
  const tables = await sql<DumpedTable[]>`
    select c.relname as name, array_to_json(array(
      select a.attname::text from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      order by a.attnum
    )) as columns
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and not c.relispartition
    order by c.relname collate "C"`;
  const references = await sql<{ table: string; target: string }[]>`
    select distinct c.relname as table, t.relname as target
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and c.relnamespace = current_schema()::regnamespace
      and not c.relispartition and c.oid <> t.oid`;
  const partitions = await sql<Partition[]>`
    select c.relname as name, p.relname as parent, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_class c
    join pg_inherits i on i.inhrelid = c.oid join pg_class p on p.oid = i.inhparent
    where c.relnamespace = current_schema()::regnamespace and c.relispartition
      and c.relkind = 'r'
    order by c.relname collate "C"`;
  const sequences = await sql<Sequence[]>`
    select sequencename as name, last_value::text as "lastValue" from pg_sequences
    where schemaname = current_schema() and last_value is not null
    order by sequencename collate "C"`;
  return {
    tables: inOrder([...tables], references),
    partitions: [...partitions],
    sequences: [...sequences],
  };
}

/** The types of a table's columns in this database. */
export async function columnTypes(
  sql: Sql | Transaction,
  table: string,
): Promise<ColumnTypes> {
  const rows = await sql<{ name: string; type: string }[]>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
    from pg_attribute a
    where a.attrelid = to_regclass(${quoteName(table)}) and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = ''
    order by a.attnum`;
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** A name within a statement. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Referenced tables first. */
function inOrder(
  tables: readonly DumpedTable[],
  references: readonly { table: string; target: string }[],
): DumpedTable[] {
  const ordered: DumpedTable[] = [];
  const waiting = new Set(tables.map(({ name }) => name));
  while (waiting.size > 0) {
    const ready = tables.filter(({ name }) =>
      waiting.has(name) &&
      !references.some(({ table, target }) => table === name && waiting.has(target))
    );
    if (ready.length === 0) {
      throw new Error(`the foreign keys of ${[...waiting].join(", ")} form a cycle`);
    }
    for (const table of ready) {
      waiting.delete(table.name);
      ordered.push(table);
    }
  }
  return ordered;
}
