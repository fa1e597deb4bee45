import { createUserAddressLink } from "../../../admin/address_link_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { LinkFields, readLinkChoice } from "./fields.tsx";
import { findPerson } from "./find_person.tsx";
import { deliveredLink } from "./password_link_page.tsx";
import { personCrumbs, personPath } from "./paths.ts";

const LIFETIME = 86_400;

/** The form of a link with which a user confirms a new address. */
export async function showAddressLink(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  return person instanceof Response ? person : await addressLinkPage(deps, c, person, {});
}

/** Creates the link, and shows or sends it. */
export async function submitAddressLink(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  const created = await createUserAddressLink(administrator(deps, c), {
    email: person.id,
    newEmail: (form("email") ?? "").trim(),
    link: readLinkChoice(form, LIFETIME),
  });
  if (created instanceof DomainError) {
    const problems = [toFormProblem(created, { new_email: "email" })];
    return await addressLinkPage(deps, c, person, { form, problems });
  }
  return await deliveredLink(deps, c, { person, link: created.link, newEmail: created.newEmail });
}

async function addressLinkPage(
  deps: PageDeps,
  c: PageContext,
  person: { id: string; name: string; email: string },
  { form, problems = [] }: SubmittedForm,
): Promise<Response> {
  const canMail = deps.config.mail !== undefined;
  const choice = form === undefined
    ? { lifetimeSeconds: LIFETIME, mail: canMail }
    : readLinkChoice(form, LIFETIME);
  return await formPage(deps, c, {
    name: "create_address_link",
    title: "Link to confirm a new address",
    breadcrumbs: personCrumbs(person),
    intro: (
      <p>
        The address stays <UntrustedText text={person.email} max={254} />{" "}
        until this person opens the link while signed in, once. Sent by e-mail, it also verifies the
        new address.
      </p>
    ),
    fields: (
      <>
        <HiddenFields fields={{ user: person.id }} />
        <TextField
          id="email"
          label="New e-mail address"
          problems={problems}
          type="email"
          inputmode="email"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          required
          maxlength={254}
          value={form?.("email") ?? ""}
        />
        <LinkFields label="Link" choice={choice} canMail={canMail} problems={problems} />
      </>
    ),
    submit: "Create link",
    cancelPath: personPath(person.id),
  }, { problems });
}
