/** Fields of the forms that create and edit a token. `value` is what the token has. */
import { ResourceName } from "../ui/resource_name.tsx";
import type { Resource } from "../../resources/resource.ts";
import { MAX_DESCRIPTION_LENGTH } from "../../pats/policy.ts";
import type { ScopeDescription } from "../../scopes.ts";
import { FACTOR_LABELS } from "./factor.tsx";
import { Field, FieldError, fieldState } from "../ui/form_field.tsx";
import { TextField } from "../ui/text_field.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import type { SubmittedForm } from "../ui/form_page.tsx";

export function NameField({ form, problems = [], value = "" }: SubmittedForm & { value?: string }) {
  return (
    <TextField
      id="name"
      label="Name"
      hint="What the token is for, such as “Nightly build”."
      problems={problems}
      required
      maxlength={100}
      autocomplete="off"
      autofocus={problems.length === 0}
      value={form?.("name") ?? value}
    />
  );
}

export function DescriptionField(
  { form, problems = [], value = "" }: SubmittedForm & { value?: string },
) {
  return (
    <TextField
      id="description"
      label="Description (optional)"
      hint="Where it is used, or who to ask about it. It is shown with the token."
      problems={problems}
      maxlength={MAX_DESCRIPTION_LENGTH}
      autocomplete="off"
      value={form?.("description") ?? value}
    />
  );
}

/** `checked`: whether a scope is checked before the form is submitted. */
export function ScopeFields(
  { scopes, unmet = [], resources = [], hint, checked = false, form, problems = [] }:
    & SubmittedForm
    & {
      scopes: readonly ScopeDescription[];
      /** Those that need a stronger sign-in. */
      unmet?: readonly ScopeDescription[];
      /** What the scopes are grouped by, if there are several. */
      resources?: readonly Resource[];
      hint: string;
      checked?: boolean;
    },
) {
  const isChecked = (name: string) => form === undefined ? checked : !!form(`scope:${name}`);
  const isGrouped = resources.length > 1;
  const groups = isGrouped
    ? resources.map((resource) => ({
      resource,
      scopes: scopes.filter((scope) =>
        scope.resource === (resource.kind === "default" ? undefined : resource.name)
      ),
    })).filter(({ scopes }) => scopes.length > 0)
    : [{ resource: undefined, scopes }];
  return (
    <fieldset id="scopes" aria-describedby={fieldState(problems, "scopes")["aria-describedby"]}>
      <legend>Scopes</legend>
      {groups.map(({ resource, scopes }) => (
        <>
          {resource !== undefined && (
            <p class="small" data-resource={resource.name}>
              <strong>
                <ResourceName resource={resource} />
              </strong>
            </p>
          )}
          {scopes.map(({ name, description, factor }) => (
            <label class="check">
              <input type="checkbox" name={`scope:${name}`} checked={isChecked(name)} />
              <span>
                <UntrustedText text={description} max={200} />{" "}
                <code class="muted small">{name}</code>
                {factor !== undefined && unmet.some((scope) => scope.name === name) && (
                  <span class="muted small">{` (${FACTOR_LABELS[factor]})`}</span>
                )}
              </span>
            </label>
          ))}
        </>
      ))}
      <FieldError id="scopes" problems={problems} />
      {isGrouped && <p class="hint">A token is for one API: select scopes of one of them.</p>}
      <p class="hint">{hint}</p>
    </fieldset>
  );
}

export function AddressesField(
  { form, problems = [], value = "" }: SubmittedForm & { value?: string },
) {
  return (
    <Field
      id="addresses"
      label="Allowed IP addresses (optional)"
      hint="One address or network per line, such as 203.0.113.7 or 10.0.0.0/8. If empty, the token works from any address."
      problems={problems}
    >
      <textarea
        id="addresses"
        name="addresses"
        autocapitalize="none"
        spellcheck={false}
        {...fieldState(problems, "addresses", { hint: true })}
      >
        {form?.("addresses") ?? value}
      </textarea>
    </Field>
  );
}

/** The addresses in the field. */
export function readAddresses(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,;]+/).filter((address) => address !== "");
}
