import { createUserPasswordLink } from "../../../admin/password_link_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { administrator } from "../administrator.ts";
import { LinkFields, readLinkChoice } from "./fields.tsx";
import { findPerson } from "./find_person.tsx";
import { notChanged } from "./not_changed.ts";
import { deliveredLink } from "./password_link_page.tsx";
import { personCrumbs, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

const LIFETIME = 86_400;

/** Asks how to deliver the link, and how long it works. */
export async function showPasswordLink(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  const canMail = deps.config.mail !== undefined;
  return await confirmationPage(deps, c, {
    name: "create_password_link",
    title: "Create a link to choose a password?",
    breadcrumbs: personCrumbs(person),
    fields: { user: person.id },
    confirm: "Create link",
    cancelPath: personPath(person.id),
    harmless: true,
    children: (
      <>
        <PersonName person={person} />
        <ul>
          <li>The link works once, and replaces earlier links of this person.</li>
          {person.hasPassword && <li>The present password works until the link is used.</li>}
          <li>
            A new password signs out all browsers and revokes all logins of this person. Personal
            access tokens keep working.
          </li>
        </ul>
      </>
    ),
    options: (
      <LinkFields
        choice={{ lifetimeSeconds: LIFETIME, mail: canMail }}
        canMail={canMail}
        problems={[]}
      />
    ),
  });
}

/** Creates the link, and shows or sends it. */
export async function submitPasswordLink(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  const created = await createUserPasswordLink(administrator(deps, c), {
    email: person.id,
    link: readLinkChoice(form, LIFETIME),
  });
  if (created instanceof DomainError) return notChanged(deps, c, person.id, created);
  return await deliveredLink(deps, c, { person, link: created.link });
}
