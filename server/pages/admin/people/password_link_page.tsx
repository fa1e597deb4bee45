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
 * Shows a link with which a user chooses a password, or says that it was sent. The link is in the
 * response to the POST: a redirect would require storing it.
 */
export async function deliveredLink(
  deps: PageDeps,
  c: PageContext,
  { person, link, isInvitation = false }: {
    person: { id: string; name: string; email: string };
    link: LinkResult;
    isInvitation?: boolean;
  },
): Promise<Response> {
  const { url, expiresAt, mailFailure } = link;
  if (url === undefined) {
    const added = isInvitation ? `Added ${person.email}. ` : "";
    setNotice(
      deps,
      c,
      mailFailure === undefined
        ? {
          code: isInvitation ? "person_invited" : "password_link_sent",
          text: `${added}Sent a link to choose a password to ${person.email}.`,
        }
        : {
          code: "password_link_not_sent",
          text: `${added}The e-mail to ${person.email} could not be sent: ${mailFailure}. ` +
            "Create a link to hand over instead.",
          problem: true,
        },
    );
    return c.redirect(
      mailFailure === undefined
        ? personPath(person.id)
        : personPagePath("password-link", person.id),
      303,
    );
  }
  return await renderPage(deps, c, {
    name: "password_link",
    title: "Hand over this link",
    breadcrumbs: personCrumbs(person),
    children: (
      <main class="wide">
        <h1>Hand over this link</h1>
        <PersonName person={person} />
        <SecretField
          label="Link to choose a password"
          secret={url}
          hint="Click the link to select it. Send it to this person only, such as in a direct message."
        />
        <div class="warning">
          <p>
            <strong>Anyone who has this link can sign in as this person.</strong>{" "}
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
