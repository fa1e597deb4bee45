import type { Child } from "hono/jsx";

export interface ColumnSort {
  /** The list sorted by the column, in the other direction if it already is. */
  url: string;
  /** Undefined: the list is sorted by another column. */
  direction?: "ascending" | "descending";
}

export interface Column<Row> {
  label: string;
  cell: (row: Row) => Child;
  /** Sorts the list by this column. */
  sort?: ColumnSort;
  /** `actions`: buttons and links; the column's label is only for screen readers. */
  kind?: "actions";
}

/**
 * A table, which becomes a list of cards on a narrow screen. The first column names the row. The
 * roles keep it a table for screen readers when the style sheet lays out its parts differently.
 */
export function DataTable<Row>(
  { caption, columns, rows, attributes, details }: {
    /** What the rows are, for screen readers. */
    caption: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    /** Attributes of a row, such as its id. */
    attributes?: (row: Row) => Record<string, string | undefined>;
    /** What belongs to a row and is shown below it; undefined: nothing. */
    details?: (row: Row) => Child | undefined;
  },
) {
  return (
    <>
      <SortLinks columns={columns} />
      <Table {...{ caption, columns, rows, attributes, details }} />
    </>
  );
}

/** For narrow screens, which do not show the header. */
function SortLinks<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  const sortable = columns.filter(({ sort }) => sort !== undefined);
  if (sortable.length === 0) return null;
  return (
    <nav class="sort" aria-label="Sort">
      <span aria-hidden="true">Sort by</span>
      {sortable.map(({ label, sort }) => (
        <a href={sort!.url} aria-current={sort!.direction === undefined ? undefined : "true"}>
          {label}
          <SortMark sort={sort!} />
        </a>
      ))}
    </nav>
  );
}

function SortMark({ sort: { direction } }: { sort: ColumnSort }) {
  if (direction === undefined) return null;
  return <span aria-hidden="true">{direction === "ascending" ? " ↑" : " ↓"}</span>;
}

function Table<Row>(
  { caption, columns, rows, attributes, details }: {
    caption: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    attributes?: (row: Row) => Record<string, string | undefined>;
    details?: (row: Row) => Child | undefined;
  },
) {
  return (
    <table class="data" role="table">
      <caption class="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ label, kind, sort }) => (
            <th role="columnheader" scope="col" class={kind} aria-sort={sort?.direction}>
              {kind === "actions"
                ? <span class="hidden">{label}</span>
                : sort === undefined
                ? label
                : (
                  <>
                    <a href={sort.url}>
                      {label}
                      <SortMark sort={sort} />
                    </a>
                    <span class="narrow">{label}</span>
                  </>
                )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => {
          const below = details?.(row);
          return (
            <>
              <tr role="row" {...attributes?.(row)}>
                {columns.map(({ label, cell, kind }, index) =>
                  index === 0 ? <th key={label} role="rowheader" scope="row">{cell(row)}</th> : (
                    <td
                      role="cell"
                      class={kind}
                      data-label={kind === "actions" ? undefined : label}
                    >
                      {cell(row)}
                    </td>
                  )
                )}
              </tr>
              {below !== undefined && (
                <tr role="row" class="details">
                  <td role="cell" colspan={columns.length}>{below}</td>
                </tr>
              )}
            </>
          );
        })}
      </tbody>
    </table>
  );
}
