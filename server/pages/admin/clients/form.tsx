import type { Child } from "hono/jsx";
import type { ClientPolicy } from "../../../store/clients.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { Crumb } from "../../ui/breadcrumbs.tsx";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
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
  { name, title, breadcrumbs, intro, client, choices, identity, managedBy, submit, cancelPath }: {
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
    /** See formPage. */
    managedBy?: string | null;
    /** Label of the button. */
    submit: string;
    cancelPath: string;
  },
  submitted: SubmittedForm,
): Promise<Response> {
  const fields = { client, ...submitted };
  return await formPage(deps, c, {
    name,
    title,
    breadcrumbs,
    intro,
    managedBy,
    submit,
    cancelPath,
    fields: (
      <>
        <NameFields {...fields} />
        {identity}
        <GrantFields {...fields} />
        <DeviceFlowFields {...fields} />
        <RedirectFields {...fields} />
        <ScopeFields {...fields} catalog={choices.scopes} />
        <ResourceFields {...fields} resources={choices.resources} />
        <LifetimeFields {...fields} config={deps.config} />
      </>
    ),
  }, submitted);
}
