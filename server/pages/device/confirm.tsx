import { managementResource } from "../../../shared/management.ts";
import { isUuid } from "../../../shared/uuid.ts";
import { rateLimitKey } from "../../http/client_ip.ts";
import { limitLoginScope } from "../../scopes.ts";
import { isLoopbackHost } from "../../config/parsers.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { findClient } from "../../store/clients.ts";
import {
  decideDeviceAuthorization,
  type DeviceAuthorization,
  findDecision,
  findEnteredDeviceAuthorization,
} from "../../store/device_authorizations.ts";
import { findActiveLogin } from "../../store/refresh_token_families.ts";
import type { Session } from "../../store/sessions.ts";
import { formatUserCode } from "../../tokens/user_code.ts";
import { signedInSession } from "../http/browser_session.ts";
import { devicePath } from "./enter_code.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { errorPage, type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { RequestedScopes } from "./requested_scopes.tsx";

/** GET /device/confirm?request=…: who asks for what, from where, and whether to let them. */
export async function showDeviceConfirm(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const request = await enteredRequest(deps, session, c.req.query("request"));
  if (request === undefined) return await requestGone(deps, c);
  return await confirmPage(deps, c, session, request);
}

/**
 * POST /device/confirm: the decision. It is asked for each time, however often it
 * was given before, and counts once (RFC 8628 section 5.4).
 */
export async function submitDeviceConfirm(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock, config } = deps;
  const session = signedInSession(c);
  const form = c.get("form");
  const id = uuid(form("request"));
  const decision = ({ approve: "approved", deny: "denied" } as const)[form("decision") ?? ""];
  if (id === undefined || decision === undefined) return await requestGone(deps, c);
  const request = await enteredRequest(deps, session, id);
  // What the page marks as not available is not approved, whatever role is given later.
  const scope = request === undefined
    ? ""
    : limitLoginScope(config.scopes, session.user, request.clientId, request.scope);
  const decided = request !== undefined && await decideDeviceAuthorization(sql, {
    id,
    sessionId: session.id,
    userId: session.user.id,
    decision,
    scope,
    authenticatedAt: session.authenticatedAt,
    now: new Date(clock.now()),
  });
  if (decided) {
    await recordAuditEvent(sql, clock, {
      event: `device.${decision}`,
      actor: session.user.id,
      subject: id,
      address: c.get("requester").address,
      details: {
        client_id: request.clientId,
        scope: decision === "approved" ? scope : request.scope,
        requester_address: request.requesterAddress,
      },
    });
  } else if (await findDecision(sql, { id, sessionId: session.id }) === undefined) {
    return await requestGone(deps, c);
  }
  // A button pressed twice lands here too, and reads what was decided.
  return c.redirect(`/device/done?request=${id}`, 303);
}

/** A new session has to enter the code again: the entry of the old one ends with it. */
export async function confirmReturnPath(deps: PageDeps, c: PageContext): Promise<string> {
  const session = c.get("session");
  const id = c.req.method === "POST" ? c.get("form")("request") : c.req.query("request");
  const request = session && await enteredRequest(deps, session, id);
  return devicePath(request && formatUserCode(request.userCode));
}

async function enteredRequest(
  { sql, clock }: PageDeps,
  session: Session,
  id: string | undefined,
): Promise<DeviceAuthorization | undefined> {
  const valid = uuid(id);
  if (valid === undefined) return undefined;
  return await findEnteredDeviceAuthorization(sql, {
    id: valid,
    sessionId: session.id,
    now: new Date(clock.now()),
  });
}

/** The database takes no other text for an id. */
export function uuid(text: string | undefined): string | undefined {
  return isUuid(text ?? "") ? text : undefined;
}

/** Said when there is nothing left to decide on in this browser session. */
export async function requestGone(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "This code is no longer valid",
    status: 410,
    children: (
      <>
        <p>
          It has expired, was answered already, or was entered in another browser or before you
          signed in again.
        </p>
        <p>
          Start the login again in your terminal, then <a href="/device">enter the new code</a>.
        </p>
      </>
    ),
  });
}

async function confirmPage(
  deps: PageDeps,
  c: PageContext,
  session: Session,
  request: DeviceAuthorization,
): Promise<Response> {
  const { sql, clock, config, placeOf } = deps;
  const client = await findClient(sql, request.clientId);
  const managing = request.resource === managementResource(deps.issuer);
  if (managing && !await isOwnLogin(deps, session, request)) return await wrongAccount(deps, c);
  const title = managing ? "Approve access to your tokens?" : "Approve this login?";
  const { address } = c.get("requester");
  const differs = !sameNetwork(address, request.requesterAddress);
  const [theirPlace, yourPlace] = [await placeOf(request.requesterAddress), await placeOf(address)];
  return await renderPage(deps, c, {
    title,
    children: (
      <main class="wide">
        <h1>{title}</h1>
        <p>
          <strong>
            <UntrustedText text={client?.name ?? request.clientId} />
          </strong>{" "}
          {managing ? "asks to manage personal access tokens as" : "asks to log in as"}{" "}
          <UntrustedText text={session.user.name} /> (<UntrustedText text={session.user.email} />).
        </p>
        <p class="shown-code">
          <span class="quiet small">Code on the terminal</span>
          <span class="code">{formatUserCode(request.userCode)}</span>
        </p>
        {differs && (
          <div class="loud" role="alert">
            <p>
              <strong>
                {managing ? "This was requested" : "This login was started"}{" "}
                at another address than yours.
              </strong>
            </p>
            <p>
              That is right only if you started it yourself on another machine, such as a server you
              are connected to. If not, somebody else wants to log in as you: press Deny.
            </p>
          </div>
        )}
        <RequestedScopes
          request={request}
          catalogue={config.scopes}
          user={session.user}
          managing={managing}
        />
        <h2>Where it comes from</h2>
        <dl>
          <Fact name="Its address" loud={differs}>
            <Address address={request.requesterAddress} place={theirPlace} />
          </Fact>
          <Fact name="Your address">
            <Address address={address} place={yourPlace} />
            {!differs && <span class="quiet">, the same</span>}
          </Fact>
          <Fact name="Program">
            {request.requesterUserAgent === ""
              ? <span class="quiet">does not say</span>
              : <UntrustedText text={request.requesterUserAgent} max={120} />}
          </Fact>
          <Fact name="Started">
            <TimeAgo at={request.createdAt} now={clock.now()} />
          </Fact>
        </dl>
        <div class="care">
          <p>
            <strong>Did somebody send you this code?</strong>{" "}
            Then press Deny, whoever they say they are. Approve only{" "}
            {managing ? "what" : "a login that"}{" "}
            you started yourself, just now. Nobody from support, and no colleague, ever needs you to
            enter a code for them.
          </p>
        </div>
        <form method="post" action="/device/confirm">
          <CsrfField token={csrfToken(deps, c)} />
          <input type="hidden" name="request" value={request.id} />
          <div class="choice">
            <button
              class={differs ? "" : "main"}
              type="submit"
              name="decision"
              value="approve"
            >
              Approve
            </button>
            <button class={differs ? "danger" : ""} type="submit" name="decision" value="deny">
              Deny
            </button>
          </div>
        </form>
      </main>
    ),
  });
}

/** Whether the login that asks for more, where one does, is this person's. */
async function isOwnLogin(
  { sql, clock }: PageDeps,
  { user }: Session,
  { loginId }: DeviceAuthorization,
): Promise<boolean> {
  if (loginId === undefined) return true;
  const login = await findActiveLogin(sql, { id: loginId, now: new Date(clock.now()) });
  return login?.userId === user.id;
}

/** The browser and the terminal are signed in with two accounts: the code stays good meanwhile. */
async function wrongAccount(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "Your terminal uses another account",
    status: 403,
    children: (
      <p>
        You are signed in here with a different account than the one logged in on your terminal, or
        that login has been revoked. Sign out here, sign in with the account of your terminal, and
        enter the code again.
      </p>
    ),
  });
}

/** A line of a list of facts. */
export function Fact(props: { name: string; loud?: boolean; children: unknown }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class={props.loud ? "differs" : undefined}>{props.children}</dd>
    </div>
  );
}

/** An address, and the place it is at if anybody knows. */
export function Address({ address, place }: { address: string; place?: string }) {
  return (
    <>
      <UntrustedText text={address} />
      {place !== undefined && (
        <>
          (<UntrustedText text={place} />)
        </>
      )}
    </>
  );
}

/** The same IPv4 address or IPv6 subscriber; this machine's two loopback addresses are one. */
function sameNetwork(one: string, other: string): boolean {
  if (isLoopbackHost(one) && isLoopbackHost(other)) return true;
  return rateLimitKey(one) === rateLimitKey(other);
}
