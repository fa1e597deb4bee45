import {
  approveQueuedSignIn,
  denyQueuedSignIn,
  listQueuedSignIns,
  type QueuedSignInView,
  showQueuedSignIn,
} from "../../../admin/identity_providers/queue_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { ActionButton, confirmationPage } from "../../ui/confirmation.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { Fact } from "../../ui/facts.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { PROVIDERS_CRUMB, REQUESTS_PATH } from "./paths.ts";

const REQUESTS_CRUMB = { path: REQUESTS_PATH, label: "First sign-ins" };

/** GET /admin/identity-providers/requests */
export async function showRequests(deps: PageDeps, c: PageContext): Promise<Response> {
  const denied = c.get("query")("denied") === "1";
  const requests = await listQueuedSignIns(administrator(deps, c), { denied });
  return await renderPage(deps, c, {
    name: "sign_in_requests",
    title: "First sign-ins",
    breadcrumbs: [PROVIDERS_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title="First sign-ins"
          lead="Accounts of identity providers that have no user here and wait for a decision."
        />
        {requests.length === 0
          ? <EmptyState id="no-requests" title="No first sign-ins wait." />
          : <RequestTable requests={requests} now={deps.clock.now()} />}
        <p>
          {denied
            ? <a href={REQUESTS_PATH}>Show only those that wait</a>
            : <a href={`${REQUESTS_PATH}?denied=1`}>Show those that were denied as well</a>}
        </p>
      </main>
    ),
  });
}

function RequestTable({ requests, now }: { requests: readonly QueuedSignInView[]; now: number }) {
  return (
    <DataTable
      caption="First sign-ins"
      rows={requests}
      attributes={({ id }) => ({ "data-request": id })}
      columns={[
        {
          label: "Account",
          cell: ({ email, name }) => (
            <>
              <strong>
                <UntrustedText text={email} max={254} />
              </strong>
              <p class="muted small">
                <UntrustedText text={name} max={100} />
              </p>
            </>
          ),
        },
        { label: "Provider", cell: ({ provider }) => <code>{provider}</code> },
        { label: "Since", cell: ({ createdAt }) => <TimeAgo at={new Date(createdAt)} now={now} /> },
        {
          label: "State",
          cell: ({ deniedAt }) =>
            deniedAt === null
              ? <Badge tone="warning">Waiting</Badge>
              : <Badge tone="bad">Denied</Badge>,
        },
        {
          label: "Decide",
          kind: "actions",
          cell: ({ id, email, deniedAt }) => (
            <>
              <ActionButton
                action={`${REQUESTS_PATH}/approve`}
                fields={{ request: id }}
                label="Approve"
                about={email}
              />
              {deniedAt === null && (
                <ActionButton
                  action={`${REQUESTS_PATH}/deny`}
                  fields={{ request: id }}
                  label="Deny"
                  about={email}
                />
              )}
            </>
          ),
        },
      ]}
    />
  );
}

/** GET /admin/identity-providers/requests/approve?request=… and …/deny?request=… */
export async function showDecision(deps: PageDeps, c: PageContext): Promise<Response> {
  const queued = await showQueuedSignIn(administrator(deps, c), {
    request: c.get("query")("request") ?? "",
  });
  if (queued instanceof DomainError) return await requestNotFound(deps, c);
  const approving = isApproving(c);
  return await confirmationPage(deps, c, {
    name: approving ? "approve_sign_in" : "deny_sign_in",
    title: approving ? "Approve this account?" : "Deny this account?",
    breadcrumbs: [PROVIDERS_CRUMB, REQUESTS_CRUMB],
    fields: { request: queued.id, email: queued.email },
    confirm: approving ? "Approve and create user" : "Deny",
    harmless: approving,
    cancelPath: REQUESTS_PATH,
    children: (
      <>
        <dl>
          <Fact name="E-mail address">
            <UntrustedText text={queued.email} max={254} />
          </Fact>
          <Fact name="Name">
            <UntrustedText text={queued.name} max={100} />
          </Fact>
          <Fact name="Provider">
            <code>{queued.provider}</code>
          </Fact>
          <Fact name="Subject">
            <code>
              <UntrustedText text={queued.subject} max={255} />
            </code>
          </Fact>
        </dl>
        <p>
          {approving
            ? "A user with this address and name is created, who can sign in with this account. The provider says that the address is verified; the name is the account’s own."
            : "No user is created, and the account cannot sign in. You can approve it later."}
        </p>
      </>
    ),
  });
}

/** POST /admin/identity-providers/requests/approve and …/deny */
export async function submitDecision(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const parameters = { request: form("request") ?? "" };
  const approving = isApproving(c);
  const decided = approving
    ? await approveQueuedSignIn(administrator(deps, c), {
      ...parameters,
      email: form("email"),
    })
    : await denyQueuedSignIn(administrator(deps, c), parameters);
  if (decided instanceof DomainError) {
    return decided.code === "not_found"
      ? await requestNotFound(deps, c)
      : await errorPage(deps, c, toPageError(decided));
  }
  setNotice(
    deps,
    c,
    approving
      ? { code: "sign_in_approved", text: `Created the user ${decided.email}.` }
      : { code: "sign_in_denied", text: `Denied ${decided.email}.` },
  );
  return c.redirect(REQUESTS_PATH, 303);
}

async function requestNotFound(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "not_found",
    id: "request_not_found",
    title: "Already decided",
    children: (
      <p>
        This first sign-in does not wait any more. <a href={REQUESTS_PATH}>View all</a>
      </p>
    ),
  });
}

function isApproving(c: PageContext): boolean {
  return c.req.path === `${REQUESTS_PATH}/approve`;
}
