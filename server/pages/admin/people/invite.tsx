import { addUser } from "../../../admin/user_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { administrator } from "../administrator.ts";
import { LinkFields, PersonFields, readLinkChoice, readPersonValues } from "./fields.tsx";
import { deliveredLink } from "./password_link_page.tsx";
import { PEOPLE_CRUMB, PEOPLE_PATH } from "./paths.ts";

const LIFETIME = 3 * 86_400;

/** The form of a new user. */
export async function showInvite(deps: PageDeps, c: PageContext): Promise<Response> {
  return await invitePage(deps, c, {});
}

/** Adds the user, and shows or sends the link. */
export async function submitInvite(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const { name, ...values } = readPersonValues(form);
  const added = await addUser(administrator(deps, c), {
    ...values,
    name: name || values.email.split("@")[0],
    link: readLinkChoice(form, LIFETIME),
  });
  if (added instanceof DomainError) {
    return await invitePage(deps, c, { form, problems: [toFormProblem(added)] });
  }
  const person = { id: added.id, name: name || values.email, email: values.email };
  return await deliveredLink(deps, c, { person, link: added.link!, isInvitation: true });
}

async function invitePage(
  deps: PageDeps,
  c: PageContext,
  { form, problems = [] }: SubmittedForm,
): Promise<Response> {
  const canMail = deps.config.mail !== undefined;
  const values = form === undefined
    ? { name: "", email: "", isAdmin: false, emailVerified: false }
    : readPersonValues(form);
  return await formPage(deps, c, {
    name: "invite_person",
    title: "Invite person",
    breadcrumbs: [PEOPLE_CRUMB],
    intro: <p>The person gets a link that works once, and chooses a password with it.</p>,
    fields: (
      <>
        <PersonFields values={values} problems={problems} />
        <LinkFields
          choice={form === undefined
            ? { lifetimeSeconds: LIFETIME, mail: canMail }
            : readLinkChoice(form, LIFETIME)}
          canMail={canMail}
          problems={problems}
        />
      </>
    ),
    submit: "Invite person",
    cancelPath: PEOPLE_PATH,
  }, { problems });
}
