import type { Child } from "hono/jsx";

/** The heading of a page of the dashboard, what the page is for, and what can be done there. */
export function PageHeading(
  { title, lead, actions }: {
    title: Child;
    /** A sentence or two. */
    lead?: Child;
    /** Links with the class `button`; the one that most users need also has `primary`. */
    actions?: Child;
  },
) {
  return (
    <div class="heading">
      <div>
        <h1>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}
