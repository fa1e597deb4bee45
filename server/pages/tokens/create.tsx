import type { FormParameters } from "../../http/form.ts";
import { createToken } from "../../pats/create.ts";
import { userAsOwner } from "../../pats/owner.ts";
import { DomainError } from "../../domain_error.ts";
import { patScopes } from "../../scopes.ts";
import type { Session } from "../../store/sessions.ts";
import { signedInSession } from "../http/browser_session.ts";
import {
  ErrorSummary,
  Field,
  FieldError,
  fieldState,
  type FormProblem,
  formTitle,
} from "../ui/form_field.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import {
  alreadyCreatedPage,
  IdempotencyKey,
  idempotencyKeyOf,
  OUT_OF_DATE,
} from "../http/idempotency.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { ExpiryFields, readExpiry, toTokenFormProblem } from "./expiry.tsx";
import { createdTokenPage } from "./created.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

const PATH = "/tokens/new";

/** GET /tokens/new */
export async function showCreateToken(deps: PageDeps, c: PageContext): Promise<Response> {
  return await createTokenPage(deps, c, signedInSession(c), {});
}

/** POST /tokens/new: makes the token and shows it, this once. */
export async function submitCreateToken(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const form = c.get("form");
  const id = idempotencyKeyOf(deps, c);
  if (id === undefined) {
    return await createTokenPage(deps, c, session, { problems: [{ message: OUT_OF_DATE }], form });
  }
  const made = await createFromForm(deps, c, session, { form, id });
  if (!(made instanceof DomainError)) return await createdTokenPage(deps, c, made);
  return await alreadyCreatedPage(deps, c, id) ??
    await createTokenPage(deps, c, session, { problems: [toTokenFormProblem(made, form)], form });
}

async function createFromForm(
  deps: PageDeps,
  c: PageContext,
  { user }: Session,
  { form, id }: { form: FormParameters; id: string },
) {
  const lifetime = readExpiry(form, deps.clock.now());
  if (lifetime instanceof DomainError) return lifetime;
  return await createToken(deps, {
    id,
    owner: userAsOwner(user),
    request: {
      name: form("name") ?? "",
      scopes: deps.config.scopes.map(({ name }) => name).filter((name) => form(`scope:${name}`)),
      lifetime,
      allowedAddresses: (form("addresses") ?? "").split(/[\s,;]+/).filter((text) => text !== ""),
    },
    actor: { id: user.id, address: c.get("requester").address },
  });
}

async function createTokenPage(
  deps: PageDeps,
  c: PageContext,
  { user }: Session,
  { problems = [], form }: { problems?: readonly FormProblem[]; form?: FormParameters },
): Promise<Response> {
  const { config, clock } = deps;
  const scopes = patScopes(config.scopes, userAsOwner(user));
  return await renderPage(deps, c, {
    title: formTitle("Make a token", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <h1>Make a token</h1>
        <ErrorSummary problems={problems} />
        <form class="form" method="post" action={PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <IdempotencyKey form={form} />
          <Field
            id="name"
            label="Name"
            hint="What it is for, so that you know later: “Nightly build of the shop”"
            problems={problems}
          >
            <input
              id="name"
              name="name"
              required
              maxlength={100}
              autocomplete="off"
              autofocus={problems.length === 0}
              value={form?.("name") ?? ""}
              {...fieldState(problems, "name", { hint: true })}
            />
          </Field>
          <fieldset
            id="scopes"
            aria-describedby={fieldState(problems, "scopes")["aria-describedby"]}
          >
            <legend>What it may do</legend>
            {scopes.map(({ name, description }) => (
              <label class="check">
                <input type="checkbox" name={`scope:${name}`} checked={!!form?.(`scope:${name}`)} />
                <span>
                  <UntrustedText text={description} max={200} />{" "}
                  <code class="quiet small">{name}</code>
                </span>
              </label>
            ))}
            <FieldError id="scopes" problems={problems} />
            <p class="hint">
              It never may do more than you may yourself, even if you lose something later.
            </p>
          </fieldset>
          <ExpiryFields
            policy={config.personalAccessTokens}
            form={form}
            now={clock.now()}
            problems={problems}
          />
          <Field
            id="addresses"
            label="Only from these addresses"
            hint="One a line, like 203.0.113.7 or 10.0.0.0/8. Left empty, it works from anywhere."
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
          <button class="main" type="submit">Make the token</button>
        </form>
      </main>
    ),
  });
}
