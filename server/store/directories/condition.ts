import type postgres from "postgres";
import type { Sql, Transaction } from "../db/connect.ts";

/**
 * A condition on a resource of a directory, or on a value of one of its lists. What has no value
 * matches no comparison but `ne`.
 */
export type Condition =
  | { kind: "and" | "or"; conditions: readonly Condition[] }
  | { kind: "not"; condition: Condition }
  | { kind: "constant"; value: boolean }
  | { kind: "present"; field: Field }
  | { kind: "text"; field: Field; operator: TextOperator; value: string }
  | { kind: "boolean"; field: Field; operator: "eq" | "ne"; value: boolean }
  | { kind: "time"; field: Field; operator: OrderOperator; value: Date }
  /** A value of a list for which `condition` holds, whose fields are relative to it. */
  | { kind: "any"; list: Field; condition: Condition };

export type OrderOperator = "eq" | "ne" | "gt" | "ge" | "lt" | "le";
export type TextOperator = OrderOperator | "co" | "sw" | "ew";

/** A column with a name of its own, or the members to follow in JSON. */
export type Field = { column: Column } | { path: readonly string[] };
export type Column = "id" | "name" | "external_id" | "active" | "created" | "modified" | "list";

type Fragment = postgres.Fragment;

/** How the columns of a table are written in SQL; `json` has the rest. */
export interface Columns {
  json: Fragment;
  columns: Partial<Record<Column, Fragment>>;
}

export function conditionSql(
  sql: Sql | Transaction,
  condition: Condition,
  at: Columns,
): Fragment {
  const inner = (condition: Condition) => conditionSql(sql, condition, at);
  switch (condition.kind) {
    case "constant":
      return sql`${condition.value}::boolean`;
    case "not":
      // What compares with nothing is null.
      return sql`(not coalesce(${inner(condition.condition)}, false))`;
    case "and":
      return condition.conditions.map(inner).reduce((left, right) => sql`(${left} and ${right})`);
    case "or":
      return condition.conditions.map(inner).reduce((left, right) => sql`(${left} or ${right})`);
    case "any": {
      // Every list in JSON is stored as an array or not at all.
      const element = {
        json: sql`element.value`,
        columns: {},
      };
      const list = listSql(sql, condition.list, at);
      return sql`exists (
        select 1 from ${list} as element (value)
        where ${conditionSql(sql, condition.condition, element)})`;
    }
    case "present":
      return "path" in condition.field
        ? sql`(${jsonSql(sql, condition.field.path, at)} is not null)`
        : sql`(${fieldSql(sql, condition.field, at)} is not null)`;
    case "boolean": {
      const field = sql`(${fieldSql(sql, condition.field, at)})::boolean`;
      return condition.operator === "eq"
        ? sql`(${field} = ${condition.value}::boolean)`
        : sql`(${field} is distinct from ${condition.value}::boolean)`;
    }
    case "time":
      return orderSql(
        sql,
        // To the millisecond, as they are shown.
        sql`date_trunc('milliseconds', ${fieldSql(sql, condition.field, at)})`,
        condition.operator,
        sql`${condition.value}::timestamptz`,
      );
    case "text":
      return textSql(sql, fieldSql(sql, condition.field, at), condition.operator, condition.value);
  }
}

function textSql(
  sql: Sql | Transaction,
  field: Fragment,
  operator: TextOperator,
  value: string,
): Fragment {
  switch (operator) {
    case "co":
      return sql`(strpos(${field}, ${value}::text) > 0)`;
    case "sw":
      return sql`(starts_with(${field}, ${value}::text))`;
    case "ew":
      return sql`(right(${field}, length(${value}::text)) = ${value}::text)`;
    case "eq":
      // Without a collation, so that an index of the column serves it.
      return sql`(${field} = ${value}::text)`;
    default:
      return orderSql(sql, sql`${field} collate "C"`, operator, sql`${value}::text`);
  }
}

function orderSql(
  sql: Sql | Transaction,
  left: Fragment,
  operator: OrderOperator,
  right: Fragment,
): Fragment {
  switch (operator) {
    case "eq":
      return sql`(${left} = ${right})`;
    case "ne":
      return sql`(${left} is distinct from ${right})`;
    case "gt":
      return sql`(${left} > ${right})`;
    case "ge":
      return sql`(${left} >= ${right})`;
    case "lt":
      return sql`(${left} < ${right})`;
    case "le":
      return sql`(${left} <= ${right})`;
  }
}

/** The value of a field, as text if it is in JSON; null without one. */
export function fieldSql(sql: Sql | Transaction, field: Field, at: Columns): Fragment {
  if ("column" in field) return at.columns[field.column] ?? sql`null`;
  const [last, ...before] = [...field.path].reverse();
  return sql`(${jsonSql(sql, before.reverse(), at)} ->> ${last}::text)`;
}

function jsonSql(sql: Sql | Transaction, path: readonly string[], at: Columns): Fragment {
  return path.reduce((json, name) => sql`(${json} -> ${name}::text)`, at.json);
}

function listSql(sql: Sql | Transaction, field: Field, at: Columns): Fragment {
  return "column" in field
    ? at.columns[field.column] ?? sql`(select null::jsonb where false)`
    : sql`jsonb_array_elements(${jsonSql(sql, field.path, at)})`;
}

/** The value that a list is sorted by: its primary one, or else the first (RFC 7644 section 3.4.2.3). */
export function preferredSql(
  sql: Sql | Transaction,
  list: Field,
  name: string,
  at: Columns,
): Fragment {
  return sql`(
    select element.value ->> ${name}::text
    from ${listSql(sql, list, at)} with ordinality as element (value, number)
    order by (element.value ->> 'primary') is not distinct from 'true' desc, element.number
    limit 1)`;
}
