import type { Child } from "hono/jsx";
import type { ClientPolicy } from "../../../store/clients.ts";
import type { PageContext } from "../../context.ts";
import { csrfToken } from "../../http/csrf.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import type { SubmittedForm } from "../../tokens/token_form.tsx";
import type { Crumb } from "../../ui/breadcrumbs.tsx";
import { ErrorSummary, formTitle } from "../../ui/form_field.tsx";
import { CsrfField } from "../../ui/hidden_fields.tsx";
import {
  DeviceFlowFields,
  GrantFields,
  LifetimeFields,
  NameFields,
  RedirectFields,
  ResourceFields,
  ScopeFields,
} from "./fields.tsx";
import type { PolicyChoices } from "./read_policy.ts";

/** Ids of fields that use cases call differently. */
export const CLIENT_FIELD_IDS: Record<string, string> = {
  scopes: "scope_limit",
  resources: "resource_limit",
};

/** The page with the settings of a client: a new one, or one to edit. */
export async function clientFormPage(
  deps: PageDeps,
  c: PageContext,
  { name, title, breadcrumbs, intro, client, choices, identity, submit, cancelPath }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageContent. */
    breadcrumbs: readonly Crumb[];
    intro: Child;
    /** What the fields have before they are submitted. */
    client: ClientPolicy;
    choices: PolicyChoices;
    /** Fields that only one of the forms has. */
    identity: Child;
    /** Label of the button. */
    submit: string;
    cancelPath: string;
  },
  submitted: SubmittedForm,
): Promise<Response> {
  const { problems = [] } = submitted;
  const fields = { client, ...submitted };
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
          <NameFields {...fields} />
          {identity}
          <GrantFields {...fields} />
          <DeviceFlowFields {...fields} />
          <RedirectFields {...fields} />
          <ScopeFields {...fields} catalog={choices.scopes} />
          <ResourceFields {...fields} resources={choices.resources} />
          <LifetimeFields {...fields} config={deps.config} />
          <div class="choice">
            <button class="main" type="submit">{submit}</button>
            <a class="button" href={cancelPath}>Cancel</a>
          </div>
        </form>
      </main>
    ),
  });
}
