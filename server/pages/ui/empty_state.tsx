import type { Child } from "hono/jsx";

/** In place of an empty list: what it would show, and the command or button that adds the first. */
export function EmptyState(
  { id, title, children }: {
    /** Tests assert on it. */
    id: string;
    title: string;
    children?: Child;
  },
) {
  return (
    <div class="empty" id={id}>
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}
