import type { Sql, Transaction } from "../db/connect.ts";
import { type Columns, type Field, fieldSql, preferredSql } from "./condition.ts";

/** What a list is sorted by. */
export interface SortKey {
  /** Within each value of `list`, if that is set. */
  field: Field;
  list?: Field;
  descending: boolean;
}

/** The order of a list of resources, total so that pages neither repeat nor skip any. */
export function orderBy(sql: Sql | Transaction, sort: SortKey | undefined, at: Columns) {
  if (sort === undefined) return sql`order by d.created_at, d.id`;
  const { field, list, descending } = sort;
  const value = list !== undefined && "path" in field
    ? preferredSql(sql, list, field.path[field.path.length - 1], at)
    : fieldSql(sql, field, at);
  const isText = list !== undefined || "path" in field ||
    !["active", "created", "modified"].includes(field.column);
  // RFC 7644 section 3.4.2.3: those without a value are last, or first in descending order.
  const key = isText ? sql`${value} collate "C"` : value;
  return descending
    ? sql`order by ${key} desc nulls first, d.created_at, d.id`
    : sql`order by ${key} asc nulls last, d.created_at, d.id`;
}
