import type { FormParameters } from "../../../http/form.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import { Field } from "../../ui/form_field.tsx";
import { TextField } from "../../ui/text_field.tsx";

/** What the forms of a new and of an existing user have in common. */
export interface PersonValues {
  name: string;
  email: string;
  isAdmin: boolean;
  emailVerified: boolean;
}

/** What was entered. */
export function readPersonValues(form: FormParameters): PersonValues {
  return {
    name: (form("name") ?? "").trim(),
    email: (form("email") ?? "").trim(),
    isAdmin: form("admin") !== undefined,
    emailVerified: form("email_verified") !== undefined,
  };
}

export function PersonFields(
  { values, problems }: { values: PersonValues; problems: readonly FormProblem[] },
) {
  return (
    <>
      <TextField
        id="email"
        label="E-mail address"
        hint="To sign in with."
        problems={problems}
        type="email"
        inputmode="email"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        required
        maxlength={254}
        value={values.email}
      />
      <TextField
        id="name"
        label="Name"
        problems={problems}
        autocomplete="off"
        maxlength={400}
        value={values.name}
      />
      <fieldset>
        <legend>Role and address</legend>
        <label class="check">
          <input type="checkbox" name="admin" checked={values.isAdmin} />
          <span>
            Administrator: sees and changes users, clients, resources, workloads and all tokens
          </span>
        </label>
        <label class="check">
          <input type="checkbox" name="email_verified" checked={values.emailVerified} />
          <span>I know that the e-mail address belongs to this person</span>
        </label>
      </fieldset>
    </>
  );
}

/** How long a link works: label, and seconds. */
const LIFETIMES: readonly (readonly [seconds: number, label: string])[] = [
  [3600, "1 hour"],
  [86_400, "1 day"],
  [3 * 86_400, "3 days"],
  [7 * 86_400, "7 days"],
  [30 * 86_400, "30 days"],
];

export interface LinkChoice {
  lifetimeSeconds: number;
  mail: boolean;
}

/** Anything else than one of the choices is the default. */
export function readLinkChoice(form: FormParameters, defaultLifetime: number): LinkChoice {
  const seconds = LIFETIMES.find(([seconds]) => String(seconds) === form("expires_in"))?.[0];
  return { lifetimeSeconds: seconds ?? defaultLifetime, mail: form("delivery") === "mail" };
}

/** How a user gets a link, and how long it works. */
export function LinkFields(
  { label = "Link to choose a password", choice, canMail, problems }: {
    label?: string;
    choice: LinkChoice;
    /** Whether a mail server is configured. */
    canMail: boolean;
    problems: readonly FormProblem[];
  },
) {
  return (
    <>
      {canMail && (
        <Field id="delivery" label={label} problems={problems}>
          <select id="delivery" name="delivery">
            <option value="mail" selected={choice.mail}>Send it by e-mail</option>
            <option value="show" selected={!choice.mail}>Show it to me, to hand it over</option>
          </select>
        </Field>
      )}
      <Field id="expires_in" label="The link expires in" problems={problems}>
        <select id="expires_in" name="expires_in">
          {LIFETIMES.map(([seconds, label]) => (
            <option value={seconds} selected={seconds === choice.lifetimeSeconds}>{label}</option>
          ))}
        </select>
      </Field>
    </>
  );
}
