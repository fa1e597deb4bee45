/** Which columns of a table a terminal has room for, and how wide each is. */

/** How a column gives way on a narrow terminal. */
export interface Fitting {
  /** Of columns that do not fit, the lowest number goes first. Without a number, none does. */
  priority?: number;
  /** May be shortened when no other column is left to go. */
  flexible?: boolean;
}

interface Sized {
  column: Fitting;
  width: number;
}

/** A flexible column is not shortened below this while other columns can go. */
const MIN_FLEXIBLE_WIDTH = 20;

/**
 * The columns that fit: the least useful ones go first, then the flexible ones become narrower, the
 * last one first. `gap` is the space between two columns.
 */
export function fitColumns<Laid extends Sized>(
  all: readonly Laid[],
  columns: number,
  gap: number,
): Laid[] {
  const kept = all.map((laid) => ({ ...laid }));
  const total = (width: (laid: Laid) => number) =>
    kept.reduce((sum, laid) => sum + width(laid), gap * (kept.length - 1));
  const minimum = ({ column: { flexible }, width }: Laid) =>
    flexible ? Math.min(width, MIN_FLEXIBLE_WIDTH) : width;
  while (total(minimum) > columns) {
    const priorities = kept.map(({ column: { priority } }) => priority ?? Infinity);
    const lowest = Math.min(...priorities);
    if (lowest === Infinity) break;
    kept.splice(priorities.lastIndexOf(lowest), 1);
  }
  const excess = () => total(({ width }) => width) - columns;
  for (const laid of kept.filter(({ column }) => column.flexible).reverse()) {
    laid.width = Math.max(minimum(laid), laid.width - Math.max(0, excess()));
  }
  // A terminal narrower than the columns that never go: the widest ones give in.
  for (let left = excess(); left > 0; left--) {
    const widest = kept.reduce((a, b) => b.width > a.width ? b : a);
    if (widest.width <= 1) break;
    widest.width--;
  }
  return kept;
}
