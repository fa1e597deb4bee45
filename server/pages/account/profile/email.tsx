import { brand } from "../../../../shared/brand.ts";
import { formatDuration } from "../../../../shared/duration.ts";
import { ADDRESS_LINK_LIFETIME } from "../../../account/address_link.ts";
import { requestAddress } from "../../../account/request_address.ts";
import { DomainError } from "../../../domain_error.ts";
import { providerTitle } from "../../../identity_providers/templates.ts";
import type { User } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { errorPage, tooManyAttempts } from "../../http/error_page.tsx";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Command } from "../../ui/command.tsx";
import { formPage } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { homeRealm } from "../../upstream/home_realm.ts";
import { ACCOUNT_CRUMB, ACCOUNT_PATH } from "./paths.ts";

/** GET /account/email */
export async function showChangeEmail(deps: PageDeps, c: PageContext): Promise<Response> {
  return deps.config.mail === undefined
    ? await noMailPage(deps, c)
    : await emailPage(deps, c, "", []);
}

/** POST /account/email: the response is the same whether or not another account has the address. */
export async function submitChangeEmail(deps: PageDeps, c: PageContext): Promise<Response> {
  if (deps.config.mail === undefined) return await noMailPage(deps, c);
  const { user } = signedInSession(c);
  const email = (c.get("form")("email") ?? "").trim();
  const { address } = c.get("requester");
  const refusal = await leavesRequiredProvider(deps, user, email) ??
    await requestAddress(deps, { user, email, address });
  if (refusal?.code === "rate_limited") return await limitedPage(deps, c, refusal);
  if (refusal !== undefined) return await emailPage(deps, c, email, [toFormProblem(refusal)]);
  return await renderPage(deps, c, {
    name: "address_requested",
    title: "Check your e-mail",
    breadcrumbs: [ACCOUNT_CRUMB],
    children: (
      <main>
        <h1>Check your e-mail</h1>
        <p>
          We sent a message to{" "}
          <UntrustedText text={email} max={254} />. To confirm the address, open the link in it in a
          browser in which you are signed in. It works once and expires in{" "}
          {formatDuration(ADDRESS_LINK_LIFETIME)}. Until then, your address stays the same.
        </p>
        <p>
          If nothing arrives within a few minutes, check the address and your spam folder, or ask
          your administrator.
        </p>
        <p>
          <a class="button" href={ACCOUNT_PATH}>Back to your account</a>
        </p>
      </main>
    ),
  });
}

/**
 * A user who has to sign in with an identity provider keeps an address for which that holds: with
 * another one they could choose a password, and keep the account when they leave the provider.
 */
async function leavesRequiredProvider(
  deps: PageDeps,
  user: User,
  email: string,
): Promise<DomainError | undefined> {
  const provider = await homeRealm(deps, user.email, user);
  if (provider === undefined) return undefined;
  if ((await homeRealm(deps, email, user))?.name === provider.name) return undefined;
  return new DomainError(
    "forbidden",
    `You sign in with ${providerTitle(provider)}, which is required for your address. Ask an ` +
      "administrator to change it to one of another domain.",
    { field: "email" },
  );
}

async function limitedPage(
  deps: PageDeps,
  c: PageContext,
  refusal: DomainError,
): Promise<Response> {
  return await errorPage(
    deps,
    c,
    tooManyAttempts(refusal, "You have requested too many messages."),
  );
}

async function emailPage(
  deps: PageDeps,
  c: PageContext,
  email: string,
  problems: readonly FormProblem[],
): Promise<Response> {
  const { user } = signedInSession(c);
  return await formPage(deps, c, {
    name: "change_email",
    title: "Change your e-mail address",
    breadcrumbs: [ACCOUNT_CRUMB],
    intro: (
      <p>
        Your address is{" "}
        <strong>
          <UntrustedText text={user.email} max={254} />
        </strong>. You get a link at the new one, and sign in with it once you have confirmed it.
        Your password, logins and tokens stay the same.
      </p>
    ),
    fields: (
      <TextField
        id="email"
        label="New e-mail address"
        problems={problems}
        type="email"
        inputmode="email"
        autocomplete="email"
        autocapitalize="none"
        spellcheck={false}
        required
        maxlength={254}
        value={email}
      />
    ),
    submit: "Send link",
    cancelPath: ACCOUNT_PATH,
  }, { problems });
}

/** Without a mail server, only an administrator can help. */
async function noMailPage(deps: PageDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  return await renderPage(deps, c, {
    name: "ask_administrator",
    title: "Change your e-mail address",
    breadcrumbs: [ACCOUNT_CRUMB],
    children: (
      <main class="wide">
        <h1>Change your e-mail address</h1>
        <p>
          This server does not send e-mail. Ask your administrator for a link with which you confirm
          your new address.
        </p>
        <p>
          Administrators create it in the dashboard, on the page about you, or run this command on
          the server, with your new address:
        </p>
        <Command>
          {`${brand.binaryName} admin user address-link ${user.id} alice@example.com`}
        </Command>
        <p>
          <a class="button" href={ACCOUNT_PATH}>Back to your account</a>
        </p>
      </main>
    ),
  });
}
