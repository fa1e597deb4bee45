import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { GeoipLookup } from "../../geoip.ts";
import { type AppliedRule, isSameNetwork } from "../../logins/device_flow.ts";
import { furtherTokenLifetime } from "../../logins/further_approval.ts";
import { limitLoginScope } from "../../scopes.ts";
import type { Client } from "../../store/clients.ts";
import type { DeviceAuthorization } from "../../store/device_authorizations.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import type { Session } from "../../store/sessions.ts";
import { formatUserCode } from "../../tokens/user_code.ts";
import type { PageContext } from "../context.ts";
import { ApplicationFact } from "../approval/application_fact.tsx";
import { csrfToken } from "../http/csrf.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Address, Fact } from "../ui/facts.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { ExactTime, TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { Restriction } from "./restriction.tsx";
import { managementWording } from "./management_wording.ts";
import { requestedCatalog, RequestedScopes } from "../approval/requested_scopes.tsx";
import { SHOWN_SCOPE } from "../approval/shown_scope.ts";

export interface ApprovalPageDeps extends RenderDeps {
  clock: Clock;
  catalog: Pick<ResourceCatalog, "approved" | "resources" | "scopes">;
  config: Pick<ServerConfig, "accessTokenLifetime" | "narrowTokenMaxLifetime">;
  placeOf: GeoipLookup;
}

/** Asks whether to approve a request, and shows which program it comes from and where that is. */
export async function approvalPage(
  deps: ApprovalPageDeps,
  c: PageContext,
  { session, request, client, login, isManagement, unmet }: {
    session: Session;
    request: DeviceAuthorization;
    client: Client;
    /** The login that requests a further approval, if it is not a new one. */
    login: RefreshTokenFamily | undefined;
    /** Whether it asks to manage tokens instead of to log in. */
    isManagement: boolean;
    /** The operator's rules that prevent the approval. */
    unmet: readonly AppliedRule[];
  },
): Promise<Response> {
  const { clock, catalog, placeOf } = deps;
  const { user } = session;
  const { address } = c.get("requester");
  const elsewhere = !isSameNetwork(address, request.requesterAddress);
  const [requestPlace, userPlace] = [
    await placeOf(request.requesterAddress),
    await placeOf(address),
  ];
  const isRestricted = unmet.length > 0;
  const kind = isManagement ? "management" : login === undefined ? "login" : "further";
  const isRequest = kind !== "login";
  const management = managementWording(request.scope);
  const title = isRestricted
    ? `You cannot approve this ${isRequest ? "request" : "login"} here`
    : isManagement
    ? management.title
    : login === undefined
    ? "Approve this login?"
    : "Approve a further permission?";
  return await renderPage(deps, c, {
    name: `approve_${kind}`,
    title,
    status: isRestricted ? 403 : 200,
    children: (
      <main class="wide">
        <h1>{title}</h1>
        <p>
          <strong>
            <UntrustedText text={client.name} />
          </strong>{" "}
          {kind === "further"
            ? <FurtherPermission login={login} />
            : isManagement
            ? management.wish
            : "wants to log in as"} <UntrustedText text={user.name} />{" "}
          (<UntrustedText text={user.email} />).
        </p>
        <p class="shown-code">
          <span class="muted small">Code in your terminal</span>
          <span class="code">{formatUserCode(request.userCode)}</span>
        </p>
        {isRestricted
          ? <Restriction unmet={unmet} client={client} />
          : elsewhere && <ElsewhereWarning isRequest={isRequest} />}
        <RequestedScopes
          request={request}
          client={client}
          catalog={requestedCatalog(catalog, request, isManagement)}
          user={user}
          isManagement={isManagement}
          isRestricted={isRestricted}
          lifetime={kind === "further" && login !== undefined
            ? longestLifetime(deps, request, { client, login })
            : undefined}
        />
        <h2>Where the request comes from</h2>
        <dl>
          <Fact name="IP address" warning={elsewhere}>
            <Address address={request.requesterAddress} place={requestPlace} />
          </Fact>
          <Fact name="Your IP address">
            <Address address={address} place={userPlace} />
            {!elsewhere && <span class="muted">{` (the same)`}</span>}
          </Fact>
          <Fact name="Application">
            <ApplicationFact client={client} />
          </Fact>
          <Fact name="Program">
            {request.requesterUserAgent === ""
              ? <span class="muted">Unknown</span>
              : <UntrustedText text={request.requesterUserAgent} max={120} />}
          </Fact>
          {request.loginName !== undefined && (
            <Fact name="Device" id="login-name">
              It says it is <UntrustedText text={request.loginName} />
            </Fact>
          )}
          <Fact name="Started">
            <TimeAgo at={request.createdAt} now={clock.now()} />
          </Fact>
        </dl>
        <PhishingWarning isRequest={isRequest} />
        <form method="post" action="/device/confirm">
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields
            fields={{
              request: request.id,
              [SHOWN_SCOPE]: limitLoginScope(catalog.scopes(), user, client, request.scope),
            }}
          />
          <div class="choice">
            {!isRestricted && (
              <button
                class={elsewhere ? "" : "main"}
                type="submit"
                name="decision"
                value="approve"
              >
                Approve
              </button>
            )}
            <button class={elsewhere ? "danger" : ""} type="submit" name="decision" value="deny">
              Deny
            </button>
          </div>
        </form>
      </main>
    ),
  });
}

/** Of the token of a further approval, in seconds: the client selects its resource later. */
function longestLifetime(
  { clock, catalog, config }: Pick<ApprovalPageDeps, "clock" | "catalog" | "config">,
  { resources, requestedLifetime }: DeviceAuthorization,
  { client, login }: { client: Client; login: RefreshTokenFamily },
): number {
  const expiresInMs = login.absoluteExpiresAt.getTime() - clock.now();
  const lifetimes = catalog.approved(resources).map((resource) =>
    furtherTokenLifetime(config, resource, client, requestedLifetime, expiresInMs)
  );
  return Math.max(1, ...lifetimes);
}

/** For a login that exists, which its user recognizes by its name. */
function FurtherPermission({ login }: { login: RefreshTokenFamily | undefined }) {
  return (
    <>
      requests a further permission for your login {login?.name === undefined
        ? login && <>of {<ExactTime at={login.createdAt} />}</>
        : (
          <strong id="login">
            <UntrustedText text={login.name} />
          </strong>
        )}, as
    </>
  );
}

function ElsewhereWarning({ isRequest }: { isRequest: boolean }) {
  return (
    <div class="alert" role="alert" id="elsewhere-warning">
      <p>
        <strong>
          {isRequest ? "This request" : "This login"} was started from a different IP address.
        </strong>
      </p>
      <p>
        Approve it only if you started it yourself on another machine, such as a server that you are
        connected to. Otherwise someone else is trying to log in as you: select Deny.
      </p>
    </div>
  );
}

/** RFC 8628 section 5.4. */
function PhishingWarning({ isRequest }: { isRequest: boolean }) {
  return (
    <div class="warning" id="phishing-warning">
      <p>
        <strong>Did someone send you this code?</strong> Select Deny. Approve only{" "}
        {isRequest ? "requests" : "logins"}{" "}
        that you started yourself, just now. Support staff and colleagues never need you to enter a
        code for them.
      </p>
    </div>
  );
}
