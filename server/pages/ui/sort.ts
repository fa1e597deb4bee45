import type { PageContext } from "../context.ts";
import type { ColumnSort } from "./data_table.tsx";

/** By which column a list is sorted. */
export interface ListSort<Key extends string> {
  by: Key;
  descending: boolean;
}

/** `sort=name`, or `sort=-name` in descending order; undefined if it is none of `keys`. */
export function readSort<Key extends string>(
  c: PageContext,
  keys: readonly Key[],
): ListSort<Key> | undefined {
  const value = c.get("query")("sort") ?? "";
  const by = keys.find((key) => key === value.replace(/^-/, ""));
  return by && { by, descending: value.startsWith("-") };
}

export function formatSort<Key extends string>(
  sort: ListSort<Key> | undefined,
): string | undefined {
  return sort && (sort.descending ? `-${sort.by}` : sort.by);
}

/** The header of the column `by`: a second use sorts in the other direction. */
export function columnSort<Key extends string>(
  by: Key,
  /** Undefined: none of the columns. */
  current: ListSort<Key> | undefined,
  url: (sort: ListSort<Key>) => string,
  /** What the first use does: the latest time is usually of interest. */
  { latestFirst = false }: { latestFirst?: boolean } = {},
): ColumnSort {
  if (current?.by !== by) return { url: url({ by, descending: latestFirst }) };
  return {
    url: url({ by, descending: !current.descending }),
    direction: current.descending ? "descending" : "ascending",
  };
}
