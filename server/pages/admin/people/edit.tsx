import { updateUser } from "../../../admin/user_operations.ts";
import type { ShownUser } from "../../../admin/list_users.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { administrator } from "../administrator.ts";
import { PersonFields, type PersonValues, readPersonValues } from "./fields.tsx";
import { findPerson } from "./find_person.tsx";
import { personCrumbs, personPath } from "./paths.ts";

/** The form with the address, name and role of a user. */
export async function showEditPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  return person instanceof Response ? person : await editPage(deps, c, person, person, {});
}

/** Saves the form. */
export async function submitEditPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  const values = readPersonValues(form);
  const changed = await updateUser(administrator(deps, c), {
    email: person.id,
    newEmail: values.email,
    name: values.name,
    // What the form did not change stays, though a group may give the role besides.
    isAdmin: values.isAdmin === person.isAdmin ? undefined : values.isAdmin,
    emailVerified: values.emailVerified,
  });
  if (changed instanceof DomainError) {
    return await editPage(deps, c, person, values, { problems: [toFormProblem(changed)] });
  }
  deps.tokenValidator.invalidate(`principal:${person.id}`);
  setNotice(deps, c, { code: "person_changed", text: `Saved the account of ${changed.email}.` });
  return c.redirect(personPath(person.id), 303);
}

async function editPage(
  deps: PageDeps,
  c: PageContext,
  person: ShownUser,
  values: PersonValues,
  { problems = [] }: Pick<SubmittedForm, "problems">,
): Promise<Response> {
  return await formPage(deps, c, {
    name: "edit_person",
    title: "Edit person",
    breadcrumbs: personCrumbs(person),
    intro: (
      <p>
        With a new address, logins and tokens stay valid
        {deps.config.mail !== undefined && ", and the old address is notified"}.
      </p>
    ),
    fields: (
      <>
        <HiddenFields fields={{ user: person.id }} />
        <PersonFields values={values} problems={problems} />
      </>
    ),
    submit: "Save",
    cancelPath: personPath(person.id),
  }, { problems });
}
