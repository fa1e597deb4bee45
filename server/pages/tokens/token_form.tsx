import type { Child } from "hono/jsx";
import type { TokenPolicy } from "../../config/server_config.ts";
import type { FormParameters } from "../../http/form.ts";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { IdempotencyKey } from "../http/idempotency.tsx";
import { type RenderDeps, renderPage } from "../render.tsx";
import type { Crumb } from "../ui/breadcrumbs.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField } from "../ui/hidden_fields.tsx";
import { ExpiryFields } from "./expiry.tsx";

/** A form as it was submitted, and why it was rejected. */
export interface SubmittedForm {
  form?: FormParameters;
  problems?: readonly FormProblem[];
}

/** The page with a form that creates a token: a new one, or the successor of a rotated one. */
export async function tokenFormPage(
  deps: RenderDeps,
  c: PageContext,
  { name, title, breadcrumbs, intro, before, policy, now, unchangedLabel, after, submit }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageContent. */
    breadcrumbs: readonly Crumb[];
    intro?: Child;
    /** Fields before the expiry. */
    before: Child;
    policy: TokenPolicy;
    now: number;
    /** See ExpiryFields. */
    unchangedLabel?: string;
    /** Fields after the expiry. */
    after?: Child;
    /** Label of the button. */
    submit: string;
  },
  { form, problems = [] }: SubmittedForm,
): Promise<Response> {
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
        <form class="form" method="post" action={c.req.path}>
          <CsrfField token={csrfToken(deps, c)} />
          <IdempotencyKey form={form} />
          {before}
          <ExpiryFields
            policy={policy}
            form={form}
            now={now}
            problems={problems}
            unchangedLabel={unchangedLabel}
          />
          {after}
          <button class="main" type="submit">{submit}</button>
        </form>
      </main>
    ),
  });
}
