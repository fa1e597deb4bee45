/** Rows and bytes of each table, with its indexes; the partitions of the audit log together. */
import type postgres from "postgres";

export interface TableSize {
  table: string;
  rows: number;
  tableBytes: number;
  indexBytes: number;
}

/** Largest first. Rows as of the last ANALYZE. */
export async function measureSizes(sql: postgres.Sql): Promise<TableSize[]> {
  return await sql<TableSize[]>`
    select coalesce(parent.relname, c.relname) as table,
      sum(greatest(c.reltuples, 0))::float8 as rows,
      sum(pg_table_size(c.oid))::float8 as "tableBytes",
      sum(pg_indexes_size(c.oid))::float8 as "indexBytes"
    from pg_class c
    left join pg_inherits i on i.inhrelid = c.oid
    left join pg_class parent on parent.oid = i.inhparent
    where c.relkind = 'r' and c.relnamespace = current_schema::regnamespace
    group by 1 having sum(pg_total_relation_size(c.oid)) > 1e6
    order by sum(pg_total_relation_size(c.oid)) desc`;
}
