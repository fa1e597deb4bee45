/** The fields that the set-up page and the sign-in page have in common. */
import { MIN_PASSWORD_LENGTH } from "../../security/password_rules.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { TextField } from "../ui/text_field.tsx";

export function EmailField(
  { value, problems, autofocus, suggestsPasskeys = false }: {
    value: string;
    problems: readonly FormProblem[];
    autofocus?: boolean;
    /** Whether a script on the page takes a passkey that the browser suggests. */
    suggestsPasskeys?: boolean;
  },
) {
  return (
    <TextField
      id="email"
      label="E-mail address"
      problems={problems}
      type="email"
      inputmode="email"
      autocomplete={suggestsPasskeys ? "username webauthn" : "username"}
      autocapitalize="none"
      spellcheck={false}
      required
      maxlength={254}
      value={value}
      autofocus={autofocus}
    />
  );
}

export function PasswordField(
  { problems, autofocus, isOptional = false }: {
    problems: readonly FormProblem[];
    autofocus?: boolean;
    /** Whether some users sign in elsewhere, after their address. */
    isOptional?: boolean;
  },
) {
  return (
    <TextField
      id="password"
      label={isOptional ? "Password (not needed for single sign-on)" : "Password"}
      problems={problems}
      type="password"
      autocomplete="current-password"
      required={!isOptional}
      autofocus={autofocus}
    />
  );
}

/** Names the user whose password a form changes, for password managers. */
export function UsernameForPasswordManagers({ email }: { email: string }) {
  return <input type="text" autocomplete="username" value={email} hidden readonly />;
}

/** A new password, typed twice. */
export function NewPasswordFields(
  { problems, label = "Password" }: { problems: readonly FormProblem[]; label?: string },
) {
  const attributes = {
    problems,
    type: "password",
    autocomplete: "new-password",
    required: true,
    minlength: MIN_PASSWORD_LENGTH,
  } as const;
  return (
    <>
      <TextField
        id="password"
        label={label}
        hint={`At least ${MIN_PASSWORD_LENGTH} characters. A few unrelated words make a good one.`}
        {...attributes}
      />
      <TextField id="repeated_password" label={`Confirm ${label.toLowerCase()}`} {...attributes} />
    </>
  );
}
