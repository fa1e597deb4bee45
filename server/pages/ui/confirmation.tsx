import type { Child } from "hono/jsx";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import type { Crumb } from "./breadcrumbs.tsx";
import { CsrfField, HiddenFields } from "./hidden_fields.tsx";

/** Asks before an action that users or programs would notice. The form posts to the same path. */
export async function confirmationPage(
  deps: RenderDeps,
  c: PageContext,
  confirmation: {
    /** See PageContent. */
    name: string;
    /** A question. */
    title: string;
    /** See PageContent. */
    breadcrumbs?: readonly Crumb[];
    /** What the action is about. */
    fields: Record<string, string>;
    /** Label of the button: the verb and its object. */
    confirm: string;
    cancelPath: string;
    /** Whether it takes nothing away. */
    harmless?: boolean;
    /** The effects of the action. */
    children: Child;
    /** Visible fields of the form. */
    options?: Child;
  },
): Promise<Response> {
  const { name, title, breadcrumbs, fields, confirm, cancelPath, children, options } = confirmation;
  return await renderPage(deps, c, {
    name,
    title,
    breadcrumbs,
    children: (
      <main>
        <h1>{title}</h1>
        {children}
        <form method="post" action={c.req.path}>
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields fields={fields} />
          {options}
          <div class="choice">
            <button class={confirmation.harmless ? "main" : "danger"} type="submit">
              {confirm}
            </button>
            <a class="button" href={cancelPath}>Cancel</a>
          </div>
        </form>
      </main>
    ),
  });
}

/** A button in a list that leads to a confirmation; `about` is for screen readers. */
export function ActionButton(
  { action, fields, label, about }: {
    action: string;
    fields: Record<string, string>;
    label: string;
    about: string;
  },
) {
  return (
    <form method="get" action={action}>
      <HiddenFields fields={fields} />
      <button type="submit">
        {label}
        <span class="hidden">{` ${about}`}</span>
      </button>
    </form>
  );
}
