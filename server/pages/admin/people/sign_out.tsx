import { listUserSessions, signOutUser } from "../../../admin/user_sessions.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { BrowserName } from "../../account/browser_name.tsx";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { Address } from "../../ui/facts.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { administrator } from "../administrator.ts";
import { findPerson } from "./find_person.tsx";
import { notChanged } from "./not_changed.ts";
import { personCrumbs, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

/** Asks whether to sign out one browser, or all without `session`. */
export async function showSignOutPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  const id = c.get("query")("session") || undefined;
  const listed = await listUserSessions(administrator(deps, c), { email: person.id });
  const sessions = listed instanceof DomainError ? [] : listed.sessions;
  const session = sessions.find((session) => session.id === id);
  if (id !== undefined && session === undefined || sessions.length === 0) {
    return notChanged(deps, c, person.id, alreadySignedOut());
  }
  return await confirmationPage(deps, c, {
    name: "sign_out_person",
    title: session === undefined ? "Sign out all browsers?" : "Sign out this browser?",
    breadcrumbs: personCrumbs(person),
    fields: { user: person.id, ...session !== undefined && { session: session.id } },
    confirm: session === undefined ? "Sign out all browsers" : "Sign out browser",
    cancelPath: personPath(person.id),
    children: (
      <>
        <PersonName person={person} />
        {session === undefined
          ? <p>This signs out {formatCount(sessions.length, "browser")}.</p>
          : (
            <p>
              <BrowserName userAgent={session.userAgent} /> from{" "}
              <Address address={session.address} place={await deps.placeOf(session.address)} />,
              last used <TimeAgo at={new Date(session.lastSeenAt)} now={deps.clock.now()} />.
            </p>
          )}
        <p>
          The person can sign in again. Logins that were approved in a browser, and tokens that were
          created in it, stay valid.
        </p>
      </>
    ),
  });
}

function alreadySignedOut(): DomainError {
  return new DomainError("not_found", "This browser is already signed out.");
}

/** Signs out one browser or all. */
export async function submitSignOutPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  const sessionId = form("session") || undefined;
  const result = await signOutUser(administrator(deps, c), { email: person.id, sessionId });
  if (result instanceof DomainError) return notChanged(deps, c, person.id, result);
  setNotice(deps, c, {
    code: "person_signed_out",
    text: `Signed out ${formatCount(result.browsers, "browser")} of ${result.email}.`,
  });
  return c.redirect(personPath(person.id), 303);
}
