import type { Child } from "hono/jsx";
import type { FormParameters } from "../../http/form.ts";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import type { Crumb } from "./breadcrumbs.tsx";
import { ErrorSummary, formTitle } from "./form_field.tsx";
import { ManagedByFile } from "./managed_by_file.tsx";
import { CsrfField } from "./hidden_fields.tsx";

/** A form as it was submitted, and why it was rejected. */
export interface SubmittedForm {
  form?: FormParameters;
  problems?: readonly FormProblem[];
}

/** A page with one form, which posts to the same path; with its problems if it was rejected. */
export async function formPage(
  deps: RenderDeps,
  c: PageContext,
  { name, title, breadcrumbs, intro, fields, submit, cancelPath, managedBy = null, ...form }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageContent. */
    breadcrumbs: readonly Crumb[];
    /** Before the form. */
    intro?: Child;
    fields: Child;
    /** Label of the button. */
    submit: string;
    /** Undefined: the form has no way to cancel. */
    cancelPath?: string;
    /** The file that manages what the form would change: then it can only be read. */
    managedBy?: string | null;
    /** Whether it takes something away. */
    isDangerous?: boolean;
    /** Whether there is nothing to submit, but only something to read. */
    hasNoForm?: boolean;
  },
  { problems = [] }: Pick<SubmittedForm, "problems">,
): Promise<Response> {
  const { isDangerous, hasNoForm } = form;
  const button = <button class={isDangerous ? "danger" : "main"} type="submit">{submit}</button>;
  return await renderPage(deps, c, {
    name,
    title: formTitle(title, problems),
    breadcrumbs,
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <h1>{title}</h1>
        <ErrorSummary problems={problems} />
        {intro}
        <ManagedByFile file={managedBy} />
        {managedBy !== null && (
          <div class="form">
            <fieldset disabled>{fields}</fieldset>
            {cancelPath !== undefined && <a class="button" href={cancelPath}>Back</a>}
          </div>
        )}
        {!hasNoForm && managedBy === null && (
          <form class="form" method="post" action={c.req.path}>
            <CsrfField token={csrfToken(deps, c)} />
            {fields}
            {cancelPath === undefined ? button : (
              <div class="choice">
                {button}
                <a class="button" href={cancelPath}>Cancel</a>
              </div>
            )}
          </form>
        )}
      </main>
    ),
  });
}
