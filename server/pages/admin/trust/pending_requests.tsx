import type { TrustRequestView } from "../../../admin/trust/requests.ts";
import type { Claims } from "../../../federation/condition.ts";
import { provider } from "../../../federation/providers.ts";
import { ActionButton } from "../../ui/confirmation.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { Address } from "../../ui/facts.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { TRUST_PATH } from "./step_path.ts";

/** The workloads that were rejected lately, below the rules. Null without any. */
export function PendingRequests(
  { requests, now }: { requests: readonly TrustRequestView[]; now: number },
) {
  if (requests.length === 0) return null;
  return (
    <section id="pending-requests">
      <h2>Pending requests</h2>
      <p>
        These workloads have a valid identity token, but match no rule. Approve only those that you
        know: anyone with an account at the provider can appear here.
      </p>
      <DataTable
        caption="Pending requests"
        rows={requests}
        attributes={({ id }) => ({ "data-request": String(id) })}
        columns={[
          { label: "Workload", cell: (request) => <Workload request={request} /> },
          {
            label: "Requested",
            cell: ({ scope }) =>
              scope === null
                ? <span class="muted">no scope</span>
                : <UntrustedText text={scope} max={200} />,
          },
          { label: "Last seen", cell: (request) => <LastSeen request={request} now={now} /> },
          {
            label: "Actions",
            kind: "actions",
            cell: ({ id, rule }) => (
              <>
                <ActionButton
                  action={`${TRUST_PATH}/approve`}
                  fields={{ workload: String(id) }}
                  label="Approve"
                  about={rule.workloads.slice(0, 200)}
                />{" "}
                <ActionButton
                  action={`${TRUST_PATH}/dismiss`}
                  fields={{ workload: String(id) }}
                  label="Dismiss"
                  about={rule.workloads.slice(0, 200)}
                />
              </>
            ),
          },
        ]}
      />
    </section>
  );
}

function Workload({ request }: { request: TrustRequestView }) {
  return (
    <>
      <p>
        <UntrustedText text={request.rule.workloads} max={500} />
      </p>
      <p class="muted small">
        {`${request.id} · ${provider(request.provider).title}`}
      </p>
    </>
  );
}

function LastSeen({ request, now }: { request: TrustRequestView; now: number }) {
  return (
    <>
      <TimeAgo at={new Date(request.lastSeenAt)} now={now} />
      {" from "}
      <Address address={request.address} />
      {request.count > 1 && `, ${formatCount(request.count, "time")}`}
    </>
  );
}

/** The claims of the token that was seen last. */
export function ClaimList({ claims }: { claims: Claims }) {
  return (
    <details>
      <summary>Claims of its token</summary>
      <dl>
        {Object.entries(claims).map(([name, value]) => (
          <div>
            <dt>
              <UntrustedText text={name} max={100} />
            </dt>
            <dd>
              <UntrustedText text={[value].flat().join(", ")} max={500} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
