import type { Sql, Transaction } from "../db/connect.ts";
import { columnTypes, type DumpedTable, type Partition, quoteName } from "./catalog.ts";
import type { Sequence } from "./catalog.ts";

/** The rows do not fit the tables of this version. */
export class TableMismatch extends Error {
  override readonly name = "TableMismatch";
}

/**
 * Replaces the rows of a table and, since they refer to them, of the tables after it, in one
 * transaction. Meanwhile the table has no triggers and no foreign keys: what triggers derive is in
 * the rows, and rows of one table may refer to each other in any order. `set
 * session_replication_role` would do the same, but only for superusers.
 */
export async function loadTable(
  sql: Sql,
  table: DumpedTable,
  batches: () => AsyncIterable<readonly string[]>,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`;
    await tx`set local idle_in_transaction_session_timeout = 0`;
    const name = quoteName(table.name);
    const types = await columnTypes(tx, table.name);
    checkColumns(table, types);
    const triggers = await readTriggers(tx, table.name);
    const foreignKeys = await readForeignKeys(tx, table.name);
    for (const { relation, trigger } of triggers) {
      await tx.unsafe(`alter table only ${relation} disable trigger ${trigger}`);
    }
    for (const { constraint } of foreignKeys) {
      await tx.unsafe(`alter table ${name} drop constraint ${constraint}`);
    }
    await tx.unsafe(`truncate ${name} cascade`);
    const columns = table.columns.map(quoteName).join(", ");
    const values = table.columns.map((column, index) =>
      `(line ->> ${index})::${types.get(column)}`
    );
    const insert = `insert into ${name} (${columns}) overriding system value
      select ${values.join(", ")} from json_array_elements($1::text::json) as lines (line)`;
    for await (const lines of batches()) {
      await tx.unsafe(insert, [`[${lines.join(",")}]`]);
    }
    for (const { constraint, definition } of foreignKeys) {
      await tx.unsafe(`alter table ${name} add constraint ${constraint} ${definition}`);
    }
    for (const { relation, trigger, enabling } of triggers) {
      await tx.unsafe(`alter table only ${relation} ${enabling} trigger ${trigger}`);
    }
  });
}

function checkColumns({ name, columns }: DumpedTable, types: ReadonlyMap<string, string>): void {
  if (types.size === 0) throw new TableMismatch(`this version has no table ${name}`);
  const isSame = types.size === columns.length && columns.every((column) => types.has(column));
  if (!isSame) throw new TableMismatch(`the table ${name} has other columns in this version`);
}

/** The enabled triggers of a table and its partitions, without those of constraints. */
async function readTriggers(
  tx: Transaction,
  table: string,
): Promise<{ relation: string; trigger: string; enabling: string }[]> {
  return await tx<{ relation: string; trigger: string; enabling: string }[]>`
    select t.tgrelid::regclass::text as relation, quote_ident(t.tgname) as trigger,
      case t.tgenabled when 'A' then 'enable always' when 'R' then 'enable replica'
        else 'enable' end as enabling
    from pg_trigger t
    where t.tgconstraint = 0 and t.tgenabled <> 'D' and t.tgrelid in (
      select to_regclass(${quoteName(table)})
      union all
      select inhrelid from pg_inherits where inhparent = to_regclass(${quoteName(table)})
    )`;
}

async function readForeignKeys(
  tx: Transaction,
  table: string,
): Promise<{ constraint: string; definition: string }[]> {
  return await tx<{ constraint: string; definition: string }[]>`
    select quote_ident(conname) as constraint, pg_get_constraintdef(oid) as definition
    from pg_constraint
    where conrelid = to_regclass(${quoteName(table)}) and contype = 'f' and conparentid = 0`;
}

/** As PostgreSQL prints the bounds of ranges, lists and hashes: it becomes a part of a statement. */
const BOUND =
  /^(?:DEFAULT|FOR VALUES (?:FROM|IN|WITH) \([\w '":+.,-]*\)(?: TO \([\w '":+.,-]*\))?)$/;

/** Creates the partitions that this database does not have. */
export async function createPartitions(
  sql: Sql | Transaction,
  partitions: readonly Partition[],
): Promise<void> {
  for (const { name, parent, bound } of partitions) {
    if (!BOUND.test(bound)) throw new TableMismatch(`the partition ${name} has an unknown bound`);
    const [{ exists }] = await sql<{ exists: boolean }[]>`
      select to_regclass(${quoteName(name)}) is not null as exists`;
    if (exists) continue;
    await sql.unsafe(
      `create table ${quoteName(name)} partition of ${quoteName(parent)} ${
        bound === "DEFAULT" ? "default" : bound
      }`,
    );
    // PostgreSQL gives a partition the triggers for rows, but not those for TRUNCATE (32 in tgtype).
    const triggers = await sql<{ definition: string }[]>`
      select replace(
        pg_get_triggerdef(oid, true),
        ' ON ' || tgrelid::regclass::text || ' ',
        ' ON ' || to_regclass(${quoteName(name)})::text || ' '
      ) as definition
      from pg_trigger
      where tgrelid = to_regclass(${quoteName(parent)}) and not tgisinternal and tgtype & 33 = 32`;
    for (const { definition } of triggers) await sql.unsafe(definition);
  }
}

/** Lets each sequence continue after its last value. */
export async function setSequences(
  sql: Sql | Transaction,
  sequences: readonly Sequence[],
): Promise<void> {
  for (const { name, lastValue } of sequences) {
    await sql`select setval(to_regclass(${quoteName(name)}), ${lastValue}::text::bigint)`;
  }
}
