import type { ShownUser } from "../../../admin/list_users.ts";
import { setUserDisabled } from "../../../admin/user_operations.ts";
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
import { personCrumbs, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

/** Asks whether to disable the account, or to enable it again. */
export async function showPersonAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c, "disable");
  const { id, disabled } = person;
  return await confirmationPage(deps, c, {
    name: disabled ? "enable_person" : "disable_person",
    title: disabled ? "Enable this account?" : "Disable this account?",
    breadcrumbs: personCrumbs(person),
    fields: { user: id, disabled: String(!disabled) },
    confirm: disabled ? "Enable account" : "Disable account",
    cancelPath: personPath(id),
    children: (
      <>
        <PersonName person={person} />
        {disabled ? <EnablingEffects person={person} /> : <DisablingEffects person={person} />}
      </>
    ),
  });
}

function DisablingEffects({ person: { belongings } }: { person: ShownUser }) {
  const { browsers, logins, tokens, trustRules } = belongings;
  return (
    <>
      <ul>
        <li>The user can no longer sign in, log in or approve logins.</li>
        {browsers + logins > 0 && (
          <li>
            This signs out {formatCount(browsers, "browser")} and revokes{" "}
            {formatCount(logins, "login")}. Enabling the account again does not restore them.
          </li>
        )}
        {tokens > 0 && (
          <li>
            {formatCount(tokens, "personal access token")} {tokens === 1 ? "is" : "are"}{" "}
            rejected until you enable the account again.
          </li>
        )}
        {trustRules > 0 && (
          <li>
            Workloads of {formatCount(trustRules, "trust rule")} can no longer act as the user.
          </li>
        )}
      </ul>
      <p>
        APIs that verify the signature of access tokens themselves accept those that were issued
        until they expire.
      </p>
    </>
  );
}

function EnablingEffects({ person: { belongings } }: { person: ShownUser }) {
  return (
    <ul>
      <li>The user can sign in again with the same password.</li>
      {belongings.tokens > 0 && (
        <li>
          {formatCount(belongings.tokens, "personal access token")}{" "}
          {belongings.tokens === 1 ? "works" : "work"} again.
        </li>
      )}
      <li>Logins and browsers stay revoked and signed out.</li>
    </ul>
  );
}

/** Disables the account, or enables it. */
export async function submitPersonAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c, "disable");
  // What the page asked, even if the state has changed since then.
  const disabled = form("disabled") === "true";
  const changed = await setUserDisabled(administrator(deps, c), { email: person.id, disabled });
  if (changed instanceof DomainError) return notChanged(deps, c, person.id, changed);
  deps.tokenValidator.invalidate(`principal:${person.id}`);
  setNotice(deps, c, {
    code: disabled ? "person_disabled" : "person_enabled",
    text: disabled
      ? `Disabled the account of ${person.email}.`
      : `Enabled the account of ${person.email}.`,
  });
  return c.redirect(personPath(person.id), 303);
}
