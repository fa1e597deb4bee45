import { changeOwner, listOwnedThings } from "../../../admin/owner_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ListedOwned, OwnedKind } from "../../../store/owners.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { administrator } from "../administrator.ts";
import { OWNERS_CRUMBS, OWNERS_PATH } from "./paths.ts";

/** Asks who becomes the owner. */
export async function showChangeOwner(deps: PageDeps, c: PageContext): Promise<Response> {
  const owned = await findOwned(deps, c.get("query")("kind"), c.get("query")("name"));
  if (owned === undefined) return await notOwnable(deps, c);
  return await changePage(deps, c, owned, { value: owned.owner?.email ?? "" });
}

/** Changes the owner. */
export async function submitChangeOwner(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const owned = await findOwned(deps, form("kind"), form("name"));
  if (owned === undefined) return await notOwnable(deps, c);
  const value = form("owner")?.trim() ?? "";
  const { kind, name } = owned;
  const changed = await changeOwner(administrator(deps, c), { kind, name, owner: value || null });
  if (changed instanceof DomainError) {
    const problems = [toFormProblem(changed)];
    return await changePage(deps, c, owned, { value, problems });
  }
  setNotice(deps, c, {
    code: "owner_changed",
    text: `The owner of ${name} is ${changed.owner ?? "the operator"}.`,
  });
  return c.redirect(OWNERS_PATH, 303);
}

async function findOwned(
  deps: PageDeps,
  kind: string | undefined,
  name: string | undefined,
): Promise<ListedOwned | undefined> {
  const owned = await listOwnedThings(deps, {});
  if (owned instanceof DomainError) return undefined;
  return owned.find((thing) => thing.kind === kind as OwnedKind && thing.name === name);
}

async function changePage(
  deps: PageDeps,
  c: PageContext,
  { kind, name }: ListedOwned,
  { value, problems = [] }: { value: string; problems?: FormProblem[] },
): Promise<Response> {
  return await formPage(deps, c, {
    name: "change_owner",
    title: `Owner of the ${kind.replace("-", " ")} ${name}`,
    breadcrumbs: OWNERS_CRUMBS,
    fields: (
      <>
        <HiddenFields fields={{ kind, name }} />
        <TextField
          id="owner"
          label="Owner"
          hint="E-mail address of a user, who gets no rights by this. Empty: the operator."
          type="email"
          autocomplete="off"
          maxlength={254}
          value={value}
          problems={problems}
        />
      </>
    ),
    submit: "Save",
    cancelPath: OWNERS_PATH,
  }, { problems });
}

async function notOwnable(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "not_found",
    id: "not_ownable",
    title: "Not found",
    children: (
      <p>
        There is no such service account, trust rule, client or resource.{" "}
        <a href={OWNERS_PATH}>View all owners</a>
      </p>
    ),
  });
}
