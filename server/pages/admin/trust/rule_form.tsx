import type { Child } from "hono/jsx";
import { providers } from "../../../federation/providers.ts";
import type { FormParameters } from "../../../http/form.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import { Field, FieldError, fieldState } from "../../ui/form_field.tsx";
import { CsrfField } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

export interface RuleProblem extends FormProblem {
  /** A service account that the rule may act as, if the administrator confirms it. */
  existingAccount?: string;
}

/** `GitHub Actions: OWNER/REPOSITORY, …`: each form once, with the first provider that has it. */
const SUBJECT_FORMS = [
  ...new Map(providers.toReversed().map(({ title, subject }) => [subject.form, title])),
].toReversed().map(([form, title]) => `${title}: ${form}`).join(", ");

interface RuleFormProps {
  problems: readonly RuleProblem[];
  /** What was entered, if the form was rejected. */
  form?: FormParameters;
}

export function RuleForm({ action, token, ...props }: RuleFormProps & {
  action: string;
  token: string;
}) {
  const { problems, form } = props;
  const existing = problems.find(({ existingAccount }) => existingAccount)?.existingAccount;
  return (
    <form method="post" action={action}>
      <CsrfField token={token} />
      <Field id="provider" label="Provider" problems={problems}>
        <select id="provider" name="provider" {...fieldState(problems, "provider")}>
          {providers.map(({ name, title }) => (
            <option value={name} selected={form?.("provider") === name}>{title}</option>
          ))}
        </select>
      </Field>
      <RuleField
        {...props}
        name="subject"
        label="Subject"
        hint={`The workloads to trust. ${SUBJECT_FORMS}.`}
      />
      <RuleField
        {...props}
        name="repository_id"
        label="Repository or project number"
        hint="Looked up if empty. Unlike a name, it never passes to another owner."
      />
      <RuleField {...props} name="branch" label="Branch" hint="main, or release-*" />
      <RuleField {...props} name="tag" label="Tag" hint="v*, instead of a branch" />
      <RuleField {...props} name="environment" label="Environment" hint="production" />
      <RuleField
        {...props}
        name="issuer"
        label="Issuer"
        hint="If your installation has its own: https://gitlab.example.com"
      />
      <Field
        id="conditions"
        label="More conditions"
        hint="One per line: claim=value, or claim~pattern, where * matches anything except : and /"
        problems={problems}
      >
        <textarea
          id="conditions"
          name="conditions"
          spellcheck={false}
          {...fieldState(problems, "conditions", { hint: true })}
        >
          {form?.("conditions") ?? ""}
        </textarea>
      </Field>
      <RuleField
        {...props}
        name="scope"
        label="Scopes to grant"
        hint="Separated by spaces"
      />
      <RuleField
        {...props}
        name="account"
        label="Service account"
        hint="The account that the workloads act as. Created with the name of the rule if empty."
      />
      <RuleField {...props} name="lifetime" label="Lifetime of access tokens" hint="10m if empty" />
      <RuleField
        {...props}
        name="until"
        label="Expires on"
        hint="2027-01-31. The rule does not expire if empty."
      />
      <RuleField {...props} name="name" label="Name of the rule" hint="Generated if empty" />
      {existing && (
        <CheckBox id="existing" value={existing} problems={problems}>
          Act as the existing service account <UntrustedText text={existing} max={100} />
        </CheckBox>
      )}
      <CheckBox id="force" problems={problems}>
        Add the rule although it would trust workloads of others
      </CheckBox>
      <button class="main" type="submit">Add rule</button>
    </form>
  );
}

function RuleField(
  { form, problems, name, label, hint }: RuleFormProps & {
    name: string;
    label: string;
    hint: string;
  },
) {
  return (
    <TextField
      id={name}
      label={label}
      hint={hint}
      problems={problems}
      maxlength={500}
      autocapitalize="none"
      autocomplete="off"
      spellcheck={false}
      value={form?.(name) ?? ""}
    />
  );
}

function CheckBox({ id, value, problems, children }: {
  id: string;
  value?: string;
  problems: readonly RuleProblem[];
  children: Child;
}) {
  return (
    <div class="field">
      <label class="check">
        <input type="checkbox" id={id} name={id} value={value} {...fieldState(problems, id)} />{" "}
        {children}
      </label>
      <FieldError id={id} problems={problems} />
    </div>
  );
}
