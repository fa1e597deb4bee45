import type { ShownUser } from "../../../admin/list_users.ts";
import { resetFactors } from "../../../admin/reset_factors.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { administrator } from "../administrator.ts";
import { findPerson } from "./find_person.tsx";
import { describeFactors } from "./methods.ts";
import { notChanged } from "./not_changed.ts";
import { personCrumbs, personPagePath, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

/** Asks whether to remove all second factors. */
export async function showResetFactors(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  return await confirmationPage(deps, c, {
    name: "reset_factors",
    title: "Remove the second factors?",
    breadcrumbs: personCrumbs(person),
    fields: { user: person.id },
    confirm: "Remove second factors",
    cancelPath: personPath(person.id),
    children: (
      <>
        <PersonName person={person} />
        <ResetEffects person={person} />
        <p>
          Do this only if you are sure who asks for it: afterward, the password is enough to sign
          in.
        </p>
      </>
    ),
  });
}

function ResetEffects({ person }: { person: ShownUser }) {
  const factors = describeFactors(person.methods);
  return (
    <ul>
      <li>{factors === "" ? "There are none." : `This removes: ${factors}.`}</li>
      {person.hasPassword ? <li>The person signs in with the password only.</li> : (
        <li>
          The person has no password. Create{" "}
          <a href={personPagePath("password-link", person.id)}>a link to choose one</a> afterward.
        </li>
      )}
      <li>
        Browsers in which a passkey was used are signed out. Others stay signed in, and logins and
        tokens keep working.
      </li>
      <li>The person is notified by e-mail, if the server sends any.</li>
    </ul>
  );
}

/** Removes them. */
export async function submitResetFactors(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("form")("user"));
  if (person instanceof Response) return person;
  const reset = await resetFactors(administrator(deps, c), { email: person.id });
  if (reset instanceof DomainError) return notChanged(deps, c, person.id, reset);
  setNotice(deps, c, {
    code: "factors_reset",
    text: `Removed the second factors of ${reset.email}.`,
  });
  return c.redirect(personPath(person.id), 303);
}
