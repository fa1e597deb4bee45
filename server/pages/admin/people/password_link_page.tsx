import type { LinkResult } from "../../../admin/password_link_operations.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { TimeUntil } from "../../ui/relative_time.tsx";
import { SecretField } from "../../ui/secret_field.tsx";
import { personCrumbs, personPagePath, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

/**
 * Shows a link with which a user chooses a password or confirms a new address, or says that it was
 * sent. The link is in the response to the POST: a redirect would require storing it.
 */
export async function deliveredLink(
  deps: PageDeps,
  c: PageContext,
  { person, link, newEmail, isInvitation = false }: {
    person: { id: string; name: string; email: string };
    link: LinkResult;
    /** Of a link that confirms an address. */
    newEmail?: string;
    isInvitation?: boolean;
  },
): Promise<Response> {
  const { url, expiresAt, mailFailure } = link;
  const purpose = newEmail === undefined ? "choose a password" : "confirm the new address";
  const recipient = newEmail ?? person.email;
  if (url === undefined) {
    const added = isInvitation ? `Added ${person.email}. ` : "";
    setNotice(
      deps,
      c,
      mailFailure === undefined
        ? {
          code: isInvitation ? "person_invited" : "link_sent",
          text: `${added}Sent a link to ${purpose} to ${recipient}.`,
        }
        : {
          code: "link_not_sent",
          text: `${added}The e-mail to ${recipient} could not be sent: ${mailFailure}. ` +
            "Create a link to hand over instead.",
          problem: true,
        },
    );
    return c.redirect(
      mailFailure === undefined
        ? personPath(person.id)
        : personPagePath(newEmail === undefined ? "password-link" : "address-link", person.id),
      303,
    );
  }
  return await renderPage(deps, c, {
    name: "link_to_hand_over",
    title: "Hand over this link",
    breadcrumbs: personCrumbs(person),
    children: (
      <main class="wide">
        <h1>Hand over this link</h1>
        <PersonName person={person} />
        <SecretField
          label={`Link to ${purpose}`}
          secret={url}
          hint="Click the link to select it. Send it to this person only, such as in a direct message."
        />
        <div class="warning">
          <p>
            <strong>
              {newEmail === undefined
                ? "Anyone who has this link can sign in as this person."
                : "The link works only while this person is signed in."}
            </strong>{" "}
            It works once and expires{" "}
            <TimeUntil at={new Date(expiresAt)} now={deps.clock.now()} dated />. You cannot see it
            again, but create another one, which replaces it.
          </p>
        </div>
        <p>
          <a class="button" href={personPath(person.id)}>Done</a>
        </p>
      </main>
    ),
  });
}
