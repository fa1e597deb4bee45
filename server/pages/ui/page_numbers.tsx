import { formatBoundedCount } from "../../../shared/bounded_count.ts";

/** Which rows of a long list a page shows, and links to the pages before and after it. */
export function PageNumbers(
  { page, length, total, url }: {
    /** From 1. */
    page: number;
    /** Rows of a page. */
    length: number;
    total: number;
    url: (page: number) => string;
  },
) {
  const first = (page - 1) * length;
  if (total <= length) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {`${first + 1} to ${Math.min(first + length, total)} of ${formatBoundedCount(total)}`}
      <span>
        {page > 1 && <a href={url(page - 1)} rel="prev">Previous page</a>}
        {first + length < total && <a href={url(page + 1)} rel="next">Next page</a>}
      </span>
    </nav>
  );
}
