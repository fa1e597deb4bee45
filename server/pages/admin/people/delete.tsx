import { deleteUser } from "../../../admin/delete_user.ts";
import type { ShownUser } from "../../../admin/list_users.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { administrator } from "../administrator.ts";
import { findPerson } from "./find_person.tsx";
import { notChanged } from "./not_changed.ts";
import { isSelf, ownAccount } from "./own_account.tsx";
import { PEOPLE_PATH, personCrumbs, personPagePath, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

/** Asks whether to delete the account. */
export async function showDeletePerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c, "delete");
  return await confirmationPage(deps, c, {
    name: "delete_person",
    title: "Delete this account?",
    breadcrumbs: personCrumbs(person),
    fields: { user: person.id },
    confirm: "Delete account",
    cancelPath: personPath(person.id),
    children: (
      <>
        <PersonName person={person} />
        <DeletionEffects person={person} />
        <p>
          You cannot undo this. To only reject what the person does,{" "}
          <a href={personPagePath("access", person.id)}>disable the account</a> instead.
        </p>
      </>
    ),
  });
}

function DeletionEffects({ person: { belongings } }: { person: ShownUser }) {
  const { browsers, logins, tokens, trustRules } = belongings;
  return (
    <ul>
      <li>
        {formatCount(browsers, "browser")} {browsers === 1 ? "is" : "are"} signed out, and{" "}
        {formatCount(logins, "login")} {logins === 1 ? "is" : "are"} revoked.
      </li>
      {tokens > 0 && (
        <li>
          {formatCount(tokens, "personal access token")} {tokens === 1 ? "is" : "are"}{" "}
          deleted: scripts and jobs that use {tokens === 1 ? "it" : "them"} are rejected.
        </li>
      )}
      {trustRules > 0 && (
        <li>
          {formatCount(trustRules, "trust rule")} that {trustRules === 1 ? "lets" : "let"}{" "}
          workloads act as this person {trustRules === 1 ? "is" : "are"} deleted.
        </li>
      )}
      <li>The audit log keeps its events, with the id but neither the name nor the address.</li>
    </ul>
  );
}

/** Deletes the account. */
export async function submitDeletePerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("form")("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c, "delete");
  const deleted = await deleteUser(administrator(deps, c), { email: person.id });
  if (deleted instanceof DomainError) return notChanged(deps, c, person.id, deleted);
  deps.tokenValidator.invalidate(`principal:${person.id}`);
  setNotice(deps, c, {
    code: "person_deleted",
    text: `Deleted the account of ${deleted.email}.`,
  });
  return c.redirect(PEOPLE_PATH, 303);
}
