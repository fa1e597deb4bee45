import type { Child } from "hono/jsx";
import type { RegisteredResource } from "../../../resources/resource.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { Crumb } from "../../ui/breadcrumbs.tsx";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { ScopeFields, TitleField, TokenFields } from "./fields.tsx";

/** Ids of fields that use cases call differently. */
export const RESOURCE_FIELD_IDS: Record<string, string> = { scopes: "scope0.name" };

/** The page with the settings of a resource: a new one, or one to edit. */
export async function resourceFormPage(
  deps: PageDeps,
  c: PageContext,
  { name, title, breadcrumbs, resource, identity, managedBy, submit, cancelPath }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageContent. */
    breadcrumbs: readonly Crumb[];
    /** What the fields have before they are submitted. */
    resource: Omit<RegisteredResource, "name" | "identifier">;
    /** What only one of the forms has. */
    identity: Child;
    /** See formPage. */
    managedBy?: string | null;
    /** Label of the button. */
    submit: string;
    cancelPath: string;
  },
  submitted: SubmittedForm,
): Promise<Response> {
  const fields = { resource, ...submitted };
  return await formPage(deps, c, {
    name,
    title,
    breadcrumbs,
    managedBy,
    submit,
    cancelPath,
    fields: (
      <>
        {identity}
        <TitleField {...fields} />
        <ScopeFields {...fields} />
        <TokenFields {...fields} configuredLifetime={deps.config.accessTokenLifetime} />
      </>
    ),
  }, submitted);
}
