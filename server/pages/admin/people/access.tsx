import type { ShownUser } from "../../../admin/list_users.ts";
import { setUserDisabled } from "../../../admin/user_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { errorPage } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../ui/format.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { findPerson, PEOPLE_CRUMB } from "./find_person.tsx";

const PATH = "/admin/people/access";

export function accessPath(userId: string): string {
  return `${PATH}?user=${userId}`;
}

/** Asks whether to disable the account, or to enable it again. */
export async function showPersonAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.req.query("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c);
  const { id, name, email, disabled } = person;
  return await confirmationPage(deps, c, {
    name: disabled ? "enable_person" : "disable_person",
    title: disabled ? "Enable this account?" : "Disable this account?",
    breadcrumbs: [PEOPLE_CRUMB, { path: personPath(id), label: name || email }],
    fields: { user: id, disabled: String(!disabled) },
    confirm: disabled ? "Enable account" : "Disable account",
    cancelPath: personPath(id),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={name} max={100} />
          </strong>{" "}
          (<UntrustedText text={email} max={254} />)
        </p>
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
  if (isSelf(c, person)) return await ownAccount(deps, c);
  // What the page asked, even if the state has changed since then.
  const disabled = form("disabled") === "true";
  const actor = signedInSession(c).user.id;
  const changed = await setUserDisabled({ ...deps, actor }, { email: person.id, disabled });
  if (changed instanceof DomainError) {
    setNotice(deps, c, { code: "person_not_changed", text: changed.message, problem: true });
    return c.redirect(personPath(person.id), 303);
  }
  deps.tokenValidator.invalidate(`principal:${person.id}`);
  setNotice(deps, c, {
    code: disabled ? "person_disabled" : "person_enabled",
    text: disabled
      ? `Disabled the account of ${person.email}.`
      : `Enabled the account of ${person.email}.`,
  });
  return c.redirect(personPath(person.id), 303);
}

function personPath(id: string): string {
  return `${PEOPLE_CRUMB.path}/${id}`;
}

function isSelf(c: PageContext, { id }: ShownUser): boolean {
  return id === signedInSession(c).user.id;
}

async function ownAccount(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "own_account",
    title: "You cannot disable your own account",
    children: <p>Ask another administrator to disable it.</p>,
  });
}
