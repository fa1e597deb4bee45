import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Clock } from "../../../shared/clock.ts";
import { type RedirectTarget, redirectTarget } from "../../../shared/oauth/redirect_uri.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { AuthorizationRequest } from "../../oauth/authorization.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { limitLoginScope } from "../../scopes.ts";
import type { Client } from "../../store/clients.ts";
import type { Session } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { ApplicationFact } from "../approval/application_fact.tsx";
import { SHOWN_SCOPE } from "../approval/shown_scope.ts";
import { managementWording } from "../device/management_wording.ts";
import { requestedCatalog, RequestedScopes } from "../approval/requested_scopes.tsx";
import { signInPath } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Fact } from "../ui/facts.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { authorizationPath } from "./return_path.ts";

/** The field with the query of the authorization request. */
export const REQUEST_FIELD = "request";

/** The field with the hash of the document that describes the client, if one does. */
export const SHOWN_DOCUMENT = "shown_document";

/** Of the client's document, in hexadecimal. */
export function documentHash({ document }: Client): string | undefined {
  return document && Buffer.from(document.hash).toString("hex");
}

/** The field with the hash of what the page says that the login is for. */
export const SHOWN_RESOURCES = "shown_resources";

/** Of the resources of a request and those that its scopes belong to, in hexadecimal. */
export function resourcesHash(
  catalog: Pick<ResourceCatalog, "approved" | "scopes">,
  { resources, scope }: Pick<AuthorizationRequest, "resources" | "scope">,
): string {
  const requested = parseScope(scope) ?? [];
  const described = [
    catalog.approved(resources).map(({ identifier }) => identifier),
    catalog.scopes().filter(({ name }) => requested.includes(name))
      .map(({ name, resource }) => [name, resource]),
  ];
  return createHash("sha256").update(JSON.stringify(described)).digest("hex");
}

export interface ConsentPageDeps extends RenderDeps {
  clock: Clock;
  catalog: Pick<ResourceCatalog, "approved" | "resources" | "scopes">;
}

/** Asks whether to approve a login in the browser, and shows which program it is for. */
export async function consentPage(
  deps: ConsentPageDeps,
  c: PageContext,
  { session: { user }, request, query, asksForOther }: {
    session: Session;
    request: AuthorizationRequest;
    /** Of the request, as it is sent with the decision. */
    query: string;
    /** Whether the program has named another user. */
    asksForOther: boolean;
  },
): Promise<Response> {
  const { client, scope, loginHint } = request;
  const isManagement = request.isManagement;
  const scopes = deps.catalog.scopes();
  const otherAccount = signInPath(authorizationPath(query), { other: true, email: loginHint });
  const management = managementWording(scope);
  const title = isManagement ? management.title : "Approve this login?";
  const target = redirectTarget(request.redirectUri);
  return await renderPage(deps, c, {
    name: "consent",
    title,
    children: (
      <main class="wide">
        <h1>{title}</h1>
        <p>
          <strong>
            <UntrustedText text={client.name} />
          </strong>{" "}
          {isManagement ? management.wish : "wants to log in as"} <UntrustedText text={user.name} />
          {" "}
          (<UntrustedText text={user.email} />).{" "}
          <a href={otherAccount} id="other-account">Use another account</a>
        </p>
        {asksForOther && loginHint !== undefined && (
          <p class="warning" id="other-account-hint">
            The application asked for{" "}
            <UntrustedText text={loginHint} />. Approve only if you want to log in with the account
            above.
          </p>
        )}
        <RequestedScopes
          request={request}
          client={client}
          catalog={requestedCatalog(deps.catalog, request, isManagement)}
          user={user}
          isManagement={isManagement}
        />
        {client.document !== undefined && (
          <UnregisteredWarning
            client={client}
            changedAt={client.document.changedAt}
            now={deps.clock.now()}
          />
        )}
        {client.consent === "remember" && !isManagement && (
          <p class="muted small" id="remembered">
            You will not be asked again for these permissions. You can change that under{" "}
            <a href="/devices">Logins</a>.
          </p>
        )}
        <h2>Who asks</h2>
        <dl>
          <Fact name="Application">
            <ApplicationFact client={client} />
          </Fact>
          <Fact name="Returns to" id="redirect-target">
            <TargetName target={target} />
          </Fact>
          {request.loginName !== undefined && (
            <Fact name="Device" id="login-name">
              It says it is <UntrustedText text={request.loginName} />
            </Fact>
          )}
        </dl>
        {target.kind !== "site" && (
          <div class="warning" id="local-warning">
            <p>
              <strong>Did you just start this login?</strong>{" "}
              Approve only if you started it yourself, in{" "}
              {target.kind === "app" ? "an app on this device" : "a program on this computer"}.
              Otherwise select Deny.
            </p>
          </div>
        )}
        <form method="post" action="/consent">
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields
            fields={{
              [REQUEST_FIELD]: query,
              ...client.document && { [SHOWN_DOCUMENT]: documentHash(client) ?? "" },
              [SHOWN_RESOURCES]: resourcesHash(deps.catalog, request),
              [SHOWN_SCOPE]: limitLoginScope(scopes, user, client, scope),
            }}
          />
          <div class="choice">
            <button class="main" type="submit" name="decision" value="approve">Approve</button>
            <button type="submit" name="decision" value="deny">Deny</button>
          </div>
        </form>
      </main>
    ),
  });
}

/** Anyone can publish a document, and give the client any name in it. */
function UnregisteredWarning(
  { client: { id }, changedAt, now }: { client: Client; changedAt?: Date; now: number },
) {
  return (
    <div class="warning" id="unregistered-warning">
      <p>
        <strong>This application is not registered on this server.</strong>{" "}
        The operator has not checked it. Its name is what <UntrustedText text={new URL(id).host} />
        {" "}
        says. Approve only if you trust that site and have just started this login.
      </p>
      {changedAt !== undefined && (
        <p id="document-changed">
          What it says about itself changed <TimeAgo at={changedAt} now={now} />.
        </p>
      )}
    </div>
  );
}

function TargetName({ target }: { target: RedirectTarget }) {
  switch (target.kind) {
    case "loopback":
      return <>a program on this computer</>;
    case "site":
      return <UntrustedText text={target.host} />;
    case "app":
      return (
        <>
          an app on this device (<UntrustedText text={target.scheme} />)
        </>
      );
  }
}
