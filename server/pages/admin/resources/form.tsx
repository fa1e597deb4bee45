import type { Child } from "hono/jsx";
import type { RegisteredResource } from "../../../resources/resource.ts";
import type { PageContext } from "../../context.ts";
import { csrfToken } from "../../http/csrf.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import type { SubmittedForm } from "../../tokens/token_form.tsx";
import type { Crumb } from "../../ui/breadcrumbs.tsx";
import { ErrorSummary, formTitle } from "../../ui/form_field.tsx";
import { CsrfField } from "../../ui/hidden_fields.tsx";
import { ScopeFields, TitleField, TokenFields } from "./fields.tsx";

/** Ids of fields that use cases call differently. */
export const RESOURCE_FIELD_IDS: Record<string, string> = { scopes: "scope0.name" };

/** The page with the settings of a resource: a new one, or one to edit. */
export async function resourceFormPage(
  deps: PageDeps,
  c: PageContext,
  { name, title, breadcrumbs, resource, identity, submit, cancelPath }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageContent. */
    breadcrumbs: readonly Crumb[];
    /** What the fields have before they are submitted. */
    resource: Omit<RegisteredResource, "name" | "identifier">;
    /** What only one of the forms has. */
    identity: Child;
    /** Label of the button. */
    submit: string;
    cancelPath: string;
  },
  submitted: SubmittedForm,
): Promise<Response> {
  const { problems = [] } = submitted;
  const fields = { resource, ...submitted };
  return await renderPage(deps, c, {
    name,
    title: formTitle(title, problems),
    breadcrumbs,
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <h1>{title}</h1>
        <ErrorSummary problems={problems} />
        <form class="form" method="post" action={c.req.path}>
          <CsrfField token={csrfToken(deps, c)} />
          {identity}
          <TitleField {...fields} />
          <ScopeFields {...fields} />
          <TokenFields {...fields} configuredLifetime={deps.config.accessTokenLifetime} />
          <div class="choice">
            <button class="main" type="submit">{submit}</button>
            <a class="button" href={cancelPath}>Cancel</a>
          </div>
        </form>
      </main>
    ),
  });
}
