import type { FormParameters } from "../../../http/form.ts";
import { Field, fieldState } from "../../ui/form_field.tsx";
import type { SubmittedForm } from "../../ui/form_page.tsx";

/** The mail domains of a directory, one on each line. */
export function DomainsField(
  { domains = [], form, problems = [] }: { domains?: readonly string[] } & SubmittedForm,
) {
  return (
    <Field
      id="domains"
      label="Mail domains (optional)"
      hint="One on each line, such as example.com. The directory then provisions only their addresses, and takes over their accounts that exist here. If empty, it creates accounts of any domain and takes over none."
      problems={problems}
    >
      <textarea
        id="domains"
        name="domains"
        rows={3}
        maxlength={10_000}
        autocapitalize="none"
        spellcheck={false}
        {...fieldState(problems, "domains", { hint: true })}
      >
        {form?.("domains") ?? domains.join("\n")}
      </textarea>
    </Field>
  );
}

export function readDomains(form: FormParameters): string[] {
  return (form("domains") ?? "").split(/[\s,]/).filter((domain) => domain !== "");
}
