import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import type { FormParameters } from "../../http/form.ts";
import { type CreatedToken, createToken, type CreateTokenDeps } from "../../pats/create.ts";
import { userAsOwner } from "../../pats/owner.ts";
import { patScopes, scopeNames } from "../../scopes.ts";
import type { User } from "../../store/users.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { toFormProblem } from "../http/form_problem.ts";
import {
  alreadyCreatedPage,
  idempotentTokenId,
  MISSING_IDEMPOTENCY_KEY,
} from "../http/idempotency.tsx";
import type { RenderDeps } from "../render.tsx";
import { Field, FieldError, fieldState } from "../ui/form_field.tsx";
import { TextField } from "../ui/text_field.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { createdTokenPage } from "./created.tsx";
import { tokenListCrumb } from "./crumbs.ts";
import { readExpiry, tokenFieldIds } from "./expiry.tsx";
import { type SubmittedForm, tokenFormPage } from "./token_form.tsx";

interface CreateTokenPageDeps extends RenderDeps, Omit<CreateTokenDeps, "config"> {
  config: CreateTokenDeps["config"] & Pick<ServerConfig, "scopes" | "personalAccessTokens">;
}

/** GET /tokens/new */
export async function showCreateToken(
  deps: CreateTokenPageDeps,
  c: PageContext,
): Promise<Response> {
  return await createTokenPage(deps, c, {});
}

/** POST /tokens/new: creates the token and responds with its secret. */
export async function submitCreateToken(
  deps: CreateTokenPageDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const id = idempotentTokenId(deps, c);
  if (id === undefined) {
    return await createTokenPage(deps, c, { form, problems: [MISSING_IDEMPOTENCY_KEY] });
  }
  const created = await createFromForm(deps, c, { form, id });
  if (!(created instanceof DomainError)) return await createdTokenPage(deps, c, created);
  return await alreadyCreatedPage(deps, c, id) ??
    await createTokenPage(deps, c, {
      form,
      problems: [toFormProblem(created, tokenFieldIds(form))],
    });
}

async function createFromForm(
  deps: CreateTokenPageDeps,
  c: PageContext,
  { form, id }: { form: FormParameters; id: string },
): Promise<CreatedToken | DomainError> {
  const { user } = signedInSession(c);
  const lifetime = readExpiry(form, deps.clock.now());
  if (lifetime instanceof DomainError) return lifetime;
  return await createToken(deps, {
    id,
    owner: userAsOwner(user),
    request: {
      name: form("name") ?? "",
      scopes: scopeNames(deps.config.scopes).filter((name) => form(`scope:${name}`)),
      lifetime,
      allowedAddresses: (form("addresses") ?? "").split(/[\s,;]+/).filter((text) => text !== ""),
    },
    actor: { id: user.id, address: c.get("requester").address },
  });
}

async function createTokenPage(
  deps: CreateTokenPageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { config, clock } = deps;
  return await tokenFormPage(deps, c, {
    name: "create_token",
    title: "Create token",
    breadcrumbs: [tokenListCrumb(true)],
    before: (
      <>
        <NameField {...submitted} />
        <ScopeFields {...submitted} user={signedInSession(c).user} catalog={config.scopes} />
      </>
    ),
    policy: config.personalAccessTokens,
    now: clock.now(),
    after: <AddressesField {...submitted} />,
    submit: "Create token",
  }, submitted);
}

function NameField({ form, problems = [] }: SubmittedForm) {
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
      value={form?.("name") ?? ""}
    />
  );
}

function ScopeFields(
  { user, catalog, form, problems = [] }: SubmittedForm & {
    user: User;
    catalog: ServerConfig["scopes"];
  },
) {
  return (
    <fieldset id="scopes" aria-describedby={fieldState(problems, "scopes")["aria-describedby"]}>
      <legend>Scopes</legend>
      {patScopes(catalog, userAsOwner(user)).map(({ name, description }) => (
        <label class="check">
          <input type="checkbox" name={`scope:${name}`} checked={!!form?.(`scope:${name}`)} />
          <span>
            <UntrustedText text={description} max={200} /> <code class="muted small">{name}</code>
          </span>
        </label>
      ))}
      <FieldError id="scopes" problems={problems} />
      <p class="hint">
        The token never has a scope that you do not have, even if you lose it later.
      </p>
    </fieldset>
  );
}

function AddressesField({ form, problems = [] }: SubmittedForm) {
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
        {form?.("addresses") ?? ""}
      </textarea>
    </Field>
  );
}
