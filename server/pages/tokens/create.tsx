import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import type { FormParameters } from "../../http/form.ts";
import { type CreatedToken, createToken, type CreateTokenDeps } from "../../pats/create.ts";
import { userAsOwner } from "../../pats/owner.ts";
import { patScopes, scopeNames } from "../../scopes.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { toFormProblem } from "../http/form_problem.ts";
import {
  alreadyCreatedPage,
  idempotentTokenId,
  MISSING_IDEMPOTENCY_KEY,
} from "../http/idempotency.tsx";
import type { RenderDeps } from "../render.tsx";
import { createdTokenPage } from "./created.tsx";
import { tokenListCrumb } from "./crumbs.ts";
import { readExpiry, tokenFieldIds } from "./expiry.tsx";
import {
  AddressesField,
  DescriptionField,
  NameField,
  readAddresses,
  ScopeFields,
} from "./token_fields.tsx";
import { FactorNotice, factorProblem, unmetFactors } from "./factor.tsx";
import type { SubmittedForm } from "../ui/form_page.tsx";
import { tokenFormPage } from "./token_form.tsx";

interface CreateTokenPageDeps extends RenderDeps, Omit<CreateTokenDeps, "config"> {
  config: CreateTokenDeps["config"] & Pick<ServerConfig, "personalAccessTokens">;
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
  const problem = factorProblem(
    deps.catalog.scopes().filter(({ name }) => form(`scope:${name}`)),
    signedInSession(c),
  );
  if (problem !== undefined) return await createTokenPage(deps, c, { form, problems: [problem] });
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
  const { catalog } = deps;
  const lifetime = readExpiry(form, deps.clock.now());
  if (lifetime instanceof DomainError) return lifetime;
  const scopes = catalog.scopes().filter(({ name }) => form(`scope:${name}`));
  return await createToken(deps, {
    id,
    owner: userAsOwner(user),
    request: {
      name: form("name") ?? "",
      description: form("description"),
      scopes: scopeNames(scopes),
      // A scope belongs to one resource. Those of another one are rejected.
      resource: scopes.find(({ resource }) => resource !== undefined)?.resource,
      lifetime,
      allowedAddresses: readAddresses(form("addresses")),
    },
    actor: { id: user.id, address: c.get("requester").address },
  });
}

async function createTokenPage(
  deps: CreateTokenPageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { config, catalog, clock } = deps;
  const session = signedInSession(c);
  const scopes = patScopes(catalog.scopes(), userAsOwner(session.user));
  const unmet = unmetFactors(scopes, session);
  return await tokenFormPage(deps, c, {
    name: "create_token",
    title: "Create token",
    breadcrumbs: [tokenListCrumb(true)],
    before: (
      <>
        <NameField {...submitted} />
        <DescriptionField {...submitted} />
        <FactorNotice unmet={unmet} form={submitted.form} next="/tokens/new" />
        <ScopeFields
          {...submitted}
          scopes={scopes}
          unmet={unmet}
          resources={catalog.resources()}
          hint="The token never has a scope that you do not have, even if you lose it later."
        />
      </>
    ),
    policy: config.personalAccessTokens,
    now: clock.now(),
    after: <AddressesField {...submitted} />,
    submit: "Create token",
  }, submitted);
}
