import { brand } from "../../../shared/brand.ts";
import type { OAuthError } from "../../../shared/oauth/errors.ts";
import type { Client } from "../../store/clients.ts";
import { MAX_AUTHORIZATION_QUERY, type UntrustedRequest } from "../../oauth/authorization.ts";
import type { PageContext } from "../context.ts";
import { errorPage } from "../http/error_page.tsx";
import type { RenderDeps } from "../render.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

const REASONS: Record<UntrustedRequest["code"], string> = {
  too_long: `The request is longer than ${MAX_AUTHORIZATION_QUERY} characters.`,
  malformed: "A parameter contains a character that is not allowed.",
  client_id: "The request must have one client_id.",
  unknown_client: "No application with this client_id is registered on this server.",
  client_disabled: "The operator of this server has disabled the application.",
  redirect_uri: "The request must have one redirect_uri.",
  client_document: "The document that describes the application cannot be used.",
  unregistered_redirect:
    "The redirect_uri is not registered for this application, so you are not sent there.",
};

/** RFC 6749 section 4.1.2.1: the user learns what is wrong, and the browser stays here. */
export async function untrustedRequestPage(
  deps: RenderDeps,
  c: PageContext,
  { code, client, reason }: UntrustedRequest,
): Promise<Response> {
  return await errorPage(deps, c, {
    code: "malformed",
    id: code,
    title: "This login cannot continue",
    children: (
      <>
        {client !== undefined && (
          <p>
            Application: <UntrustedText text={client.name} />
          </p>
        )}
        <p>{REASONS[code]}</p>
        {reason !== undefined && (
          <p>
            <UntrustedText text={reason} max={500} />
          </p>
        )}
        <p>
          Go back to the application and start the login again. If that does not help, report this
          page to the makers of the application.
        </p>
        {code === "unregistered_redirect" && client !== undefined &&
          client.document === undefined && (
          <p class="muted small">
            The operator of this server registers redirect URIs with{" "}
            <code>{`${brand.binaryName} admin client update ${client.id} --redirect URI`}</code>.
          </p>
        )}
      </>
    ),
  });
}

/** An error for a client that is not registered: the user decides whether to go to its site. */
export async function unregisteredRedirectPage(
  deps: RenderDeps,
  c: PageContext,
  { client, error, redirectUri, uri }: {
    client: Client;
    error: OAuthError;
    redirectUri: string;
    /** The redirect URI with the error. */
    uri: string;
  },
): Promise<Response> {
  return await errorPage(deps, c, {
    code: "malformed",
    id: "unregistered_client",
    title: "This login cannot continue",
    children: (
      <>
        <p>
          Application: <UntrustedText text={client.name} /> (<UntrustedText text={client.id} />)
        </p>
        <p>
          <UntrustedText text={error.message} max={500} />
        </p>
        <p>
          The application is not registered on this server. Return to its site only if you trust it:
          {" "}
          <a href={uri} id="return" rel="noreferrer">
            <UntrustedText text={new URL(redirectUri).host} />
          </a>
        </p>
      </>
    ),
  });
}
