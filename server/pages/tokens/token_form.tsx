import type { Child } from "hono/jsx";
import type { TokenPolicy } from "../../config/server_config.ts";
import type { PageContext } from "../context.ts";
import { IdempotencyKey } from "../http/idempotency.tsx";
import type { RenderDeps } from "../render.tsx";
import type { Crumb } from "../ui/breadcrumbs.tsx";
import { formPage, type SubmittedForm } from "../ui/form_page.tsx";
import { ExpiryFields } from "./expiry.tsx";

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
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  return await formPage(deps, c, {
    name,
    title,
    breadcrumbs,
    intro,
    submit,
    fields: (
      <>
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
      </>
    ),
  }, submitted);
}
