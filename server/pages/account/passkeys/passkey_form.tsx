import type { Child } from "hono/jsx";
import type { DomainError } from "../../../domain_error.ts";
import { passkeys } from "../../assets/passkeys.ts";
import type { PageContext } from "../../context.ts";
import { csrfToken } from "../../http/csrf.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import type { RenderDeps } from "../../render.tsx";
import { CsrfField, HiddenFields } from "../../ui/hidden_fields.tsx";

/** Name of the field with the response of the browser. */
export const CREDENTIAL_FIELD = "credential";

/**
 * A form whose button asks the browser for a passkey; see assets/passkeys.ts. Hidden without
 * scripts.
 */
export function PasskeyForm({ deps, c, ceremony, options, action, fields, autofill, children }: {
  deps: RenderDeps;
  c: PageContext;
  ceremony: "create" | "get";
  /** See server/passkeys/options.ts. */
  options: object;
  action: string;
  fields: Record<string, string>;
  /** Whether the browser also suggests passkeys for the e-mail address. */
  autofill?: boolean;
  /** The visible fields and the button. */
  children: Child;
}) {
  return (
    <>
      <form
        method="post"
        action={action}
        hidden
        data-passkey={ceremony}
        data-options={JSON.stringify(options)}
        data-origin={new URL(deps.issuer).origin}
        data-autofill={autofill ? "" : undefined}
      >
        <CsrfField token={csrfToken(deps, c)} />
        <HiddenFields fields={{ ...fields, [CREDENTIAL_FIELD]: "" }} />
        {children}
        <p class="error" aria-live="assertive"></p>
      </form>
      <script type="module" src={passkeys.url}></script>
    </>
  );
}

/** The value of the browser's cookie, which challenges are bound to; sets it if there is none. */
export function browserTokenOf(deps: RenderDeps, c: PageContext): string {
  csrfToken(deps, c);
  return c.get("browserToken")!;
}

/** A passkey that was rejected, by its finer code. */
export function passkeyProblem(error: DomainError): FormProblem {
  const problem = toFormProblem(error);
  return error.reason === undefined ? problem : { ...problem, code: `passkey_${error.reason}` };
}
