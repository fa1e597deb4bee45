import type { Clock } from "../../../shared/clock.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { DomainError } from "../../domain_error.ts";
import { editToken, type EditTokenDeps } from "../../pats/edit.ts";
import { findOwner } from "../../pats/owner.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { PageContext } from "../context.ts";
import { toFormProblem } from "../http/form_problem.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { isActive, tokenName, TokenPrefix } from "./components.tsx";
import { tokenCrumbs } from "./crumbs.ts";
import {
  AddressesField,
  DescriptionField,
  NameField,
  readAddresses,
  ScopeFields,
} from "./token_fields.tsx";
import { formPage, type SubmittedForm } from "../ui/form_page.tsx";

interface EditTokenPageDeps extends RenderDeps, EditTokenDeps {
  clock: Clock;
}

/** GET /tokens/{id}/edit */
export async function showEditToken(deps: EditTokenPageDeps, c: PageContext): Promise<Response> {
  const { token } = c.get("tokenAccess");
  if (!isActive(token, deps.clock.now())) return c.redirect(`/tokens/${token.id}`, 303);
  return await editTokenPage(deps, c, {});
}

/** POST /tokens/{id}/edit: submitting it twice changes nothing the second time. */
export async function submitEditToken(deps: EditTokenPageDeps, c: PageContext): Promise<Response> {
  const { token, session } = c.get("tokenAccess");
  const form = c.get("form");
  const owner = await findOwner(deps.sql, token.owner);
  const edited = owner === undefined
    ? new DomainError("not_found", "The owner of the token no longer exists. Revoke it.")
    : await editToken(deps, {
      id: token.id,
      owner,
      changes: {
        name: form("name") ?? "",
        description: form("description") ?? null,
        scopes: scopesOf(token).filter((name) => form(`scope:${name}`)),
        allowedAddresses: readAddresses(form("addresses")),
      },
      actor: { id: session.user.id, address: c.get("requester").address },
    });
  if (edited instanceof DomainError) {
    const problem = toFormProblem(edited, { allowedAddresses: "addresses" });
    return await editTokenPage(deps, c, { form, problems: [problem] });
  }
  setNotice(deps, c, { code: "token_edited", text: `Saved the token ${tokenName(edited)}.` });
  return c.redirect(`/tokens/${token.id}`, 303);
}

async function editTokenPage(
  deps: EditTokenPageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { token, isOwn } = c.get("tokenAccess");
  const scopes = scopesOf(token).map((name) =>
    deps.catalog.scopes().find((scope) => scope.name === name) ?? { name, description: "" }
  );
  return await formPage(deps, c, {
    name: "edit_token",
    title: "Edit token",
    breadcrumbs: tokenCrumbs(token, isOwn),
    intro: (
      <p>
        The token (<TokenPrefix token={token} />) keeps its secret. Programs that use it notice the
        change immediately.
      </p>
    ),
    fields: (
      <>
        <NameField {...submitted} value={token.name} />
        <DescriptionField {...submitted} value={token.description} />
        {scopes.length > 0 && (
          <ScopeFields
            {...submitted}
            scopes={scopes}
            checked
            hint="You can remove scopes but not add any, and you cannot undo this. For more scopes, create another token."
          />
        )}
        <AddressesField {...submitted} value={token.allowedAddresses.join("\n")} />
      </>
    ),
    submit: "Save changes",
  }, submitted);
}

function scopesOf({ scope }: PersonalAccessToken): string[] {
  return parseScope(scope) ?? [];
}
