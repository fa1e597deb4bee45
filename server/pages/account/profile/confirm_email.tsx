import { confirmAddress, describeAddressLink } from "../../../account/confirm_address.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { errorPage } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { ACCOUNT_CRUMB, ACCOUNT_PATH, EMAIL_PATH } from "./paths.ts";

/** GET /account/email/confirm?token=…: opening the link uses nothing, as mail scanners do. */
export async function showConfirmEmail(deps: PageDeps, c: PageContext): Promise<Response> {
  // As on the page to choose a password: the Referer header must not contain the token.
  c.header("Referrer-Policy", "strict-origin");
  const { user } = signedInSession(c);
  const token = c.get("query")("token") ?? "";
  const link = await describeAddressLink(deps, { userId: user.id, token });
  if (link === undefined) return await unusableLinkPage(deps, c);
  return await confirmationPage(deps, c, {
    name: "confirm_address",
    title: "Change your e-mail address?",
    breadcrumbs: [ACCOUNT_CRUMB],
    fields: { token },
    confirm: "Change address",
    cancelPath: ACCOUNT_PATH,
    harmless: true,
    children: (
      <ul>
        <li>
          Your address becomes{" "}
          <strong>
            <UntrustedText text={link.email} max={254} />
          </strong>, instead of <UntrustedText text={user.email} max={254} />.
        </li>
        <li>You sign in with the new address from now on.</li>
        {deps.config.mail !== undefined && <li>The old address gets a message about it.</li>}
        <li>Your password, logins and tokens stay the same.</li>
      </ul>
    ),
  });
}

/** POST /account/email/confirm */
export async function submitConfirmEmail(deps: PageDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  const token = c.get("form")("token") ?? "";
  const { address } = c.get("requester");
  const changed = await confirmAddress(deps, { userId: user.id, token, address });
  if (changed instanceof DomainError) {
    setNotice(deps, c, { code: "address_not_changed", text: changed.message, problem: true });
    return c.redirect(ACCOUNT_PATH, 303);
  }
  deps.tokenValidator.invalidate(`principal:${user.id}`);
  setNotice(deps, c, {
    code: "address_changed",
    text: `Your e-mail address is now ${changed.email}.`,
  });
  return c.redirect(ACCOUNT_PATH, 303);
}

async function unusableLinkPage(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "gone",
    id: "address_link_unusable",
    title: "This link cannot be used",
    children: (
      <>
        <p>
          It was used, has expired, was replaced by a newer one, or belongs to another account. You
          are signed in as <UntrustedText text={signedInSession(c).user.email} max={254} />.
        </p>
        <p>
          <a class="button" href={EMAIL_PATH}>Request a new link</a>
        </p>
      </>
    ),
  });
}
