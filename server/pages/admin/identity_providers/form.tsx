import type { Child } from "hono/jsx";
import type { IdentityProvider } from "../../../store/identity_providers.ts";
import { FIRST_SIGN_IN_POLICIES } from "../../../store/identity_providers.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { Crumb } from "../../ui/breadcrumbs.tsx";
import { Field, FieldError, fieldState } from "../../ui/form_field.tsx";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { FIRST_SIGN_IN } from "./list.tsx";

/** Ids of fields that use cases call differently. */
export const PROVIDER_FIELD_IDS: Record<string, string> = { acrMapping: "acrValues" };

type Settings = Partial<IdentityProvider>;

/** The page with the settings of a provider: a new one, or one to edit. */
export async function providerFormPage(
  deps: PageDeps,
  c: PageContext,
  { name, title, breadcrumbs, intro, provider, identity, secret, managedBy, submit, cancelPath }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageContent. */
    breadcrumbs: readonly Crumb[];
    intro?: Child;
    /** What the fields have before they are submitted. */
    provider: Settings;
    /** What only one of the forms has. */
    identity: Child;
    /** Label and hint of the client secret, and whether it has to be entered. */
    secret: { label: string; hint: string; required: boolean };
    /** See formPage. */
    managedBy?: string | null;
    /** Label of the button. */
    submit: string;
    cancelPath: string;
  },
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  const plain = { autocapitalize: "none", autocomplete: "off", spellcheck: false } as const;
  const isChecked = (field: string, value: boolean | undefined) =>
    form === undefined ? value === true : !!form(field);
  const policy = form?.("firstSignIn") ?? provider.firstSignIn ?? "queue";
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
        {identity}
        <TextField
          id="clientId"
          label="Client ID"
          problems={problems}
          required
          maxlength={200}
          {...plain}
          value={form?.("clientId") ?? provider.clientId ?? ""}
        />
        <TextField
          id="clientSecret"
          label={secret.label}
          hint={secret.hint}
          problems={problems}
          type="password"
          required={secret.required}
          maxlength={2000}
          {...plain}
          autocomplete="new-password"
        />
        <TextField
          id="title"
          label="Title (optional)"
          hint="How users know it: the button says “Continue with” and the title."
          problems={problems}
          maxlength={100}
          autocomplete="off"
          value={form?.("title") ?? provider.title ?? ""}
        />
        <TextField
          id="domains"
          label="Mail domains"
          hint="Whose users may sign in, and for whose addresses it is trusted, such as acme.com acme.org. If empty: any, and trusted for none."
          problems={problems}
          {...plain}
          value={form?.("domains") ?? (provider.domains ?? []).join(" ")}
        />
        <fieldset>
          <legend>Addresses</legend>
          <label class="check">
            <input
              type="checkbox"
              id="required"
              name="required"
              checked={isChecked("required", provider.required)}
              {...fieldState(problems, "required")}
            />
            <span>Users of these domains cannot use a password</span>
          </label>
          <FieldError id="required" problems={problems} />
          <label class="check">
            <input
              type="checkbox"
              name="trustsAddresses"
              checked={isChecked("trustsAddresses", provider.trustsAddresses)}
            />
            <span>Every address that it sends counts as verified</span>
          </label>
        </fieldset>
        <Field
          id="firstSignIn"
          label="First sign-in"
          hint="What happens to accounts that have no user here."
          problems={problems}
        >
          <select
            id="firstSignIn"
            name="firstSignIn"
            {...fieldState(problems, "firstSignIn", { hint: true })}
          >
            {FIRST_SIGN_IN_POLICIES.map((value) => (
              <option value={value} selected={value === policy}>{FIRST_SIGN_IN[value].long}</option>
            ))}
          </select>
        </Field>
        <TextField
          id="groupsClaim"
          label="Groups claim (optional)"
          hint="The claim with the groups of users, such as groups, or teams at GitHub."
          problems={problems}
          maxlength={200}
          {...plain}
          value={form?.("groupsClaim") ?? provider.groupsClaim ?? ""}
        />
        <fieldset>
          <legend>Second factors</legend>
          <label class="check">
            <input
              type="checkbox"
              name="trustAcr"
              checked={isChecked("trustAcr", provider.acrMapping !== undefined)}
            />
            <span>
              Count its <code>acr</code> and <code>amr</code>, such as <code>mfa</code>
            </span>
          </label>
          <TextField
            id="acrValues"
            label="Other values that count (optional)"
            hint="Such as gold=2fa silver=phr."
            problems={problems}
            {...plain}
            value={form?.("acrValues") ??
              Object.entries(provider.acrMapping ?? {}).map((entry) => entry.join("=")).join(" ")}
          />
        </fieldset>
        <TextField
          id="scopes"
          label="Further scopes (optional)"
          hint="Requested besides the usual ones."
          problems={problems}
          {...plain}
          value={form?.("scopes") ?? (provider.scopes ?? []).join(" ")}
        />
        <label class="check">
          <input
            type="checkbox"
            name="recheck"
            checked={isChecked("recheck", provider.recheck)}
          />
          <span>Keep refresh tokens, to check later that accounts still exist</span>
        </label>
      </>
    ),
  }, submitted);
}
