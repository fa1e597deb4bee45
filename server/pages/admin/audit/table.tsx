import type { Child } from "hono/jsx";
import { listUrl } from "../../http/list_query.ts";
import type { AuditParty, ListedAuditEvent } from "../../../audit/listed_event.ts";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { Address, Fact } from "../../ui/facts.tsx";
import { ExactTime } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { personPath } from "../people/paths.ts";
import { auditUrl, historyUrl, MAX_PARAMETER } from "./view.ts";

/** The longest value that an event has is the settings of a server. */
const MAX_DETAIL = 20_000;
/** Of what a browser calls itself. */
const MAX_BROWSER = 40;

export function AuditTable({ events }: { events: readonly ListedAuditEvent[] }) {
  return (
    <DataTable
      caption="Events"
      rows={events}
      attributes={({ id }) => ({ "data-event": id })}
      columns={[
        {
          label: "Event",
          cell: ({ event, result }) => (
            <>
              <strong class="event">
                <UntrustedText text={event} />
              </strong>
              {result !== "ok" && (
                <>
                  {" "}
                  <Badge tone={result === "failed" ? "bad" : "warning"}>
                    {result === "failed" ? "Failed" : "Refused"}
                  </Badge>
                </>
              )}
            </>
          ),
        },
        { label: "Time", cell: ({ time }) => <ExactTime at={new Date(time)} /> },
        {
          label: "Actor",
          cell: ({ actor, actingFor }) =>
            actor && (
              <>
                <Party party={actor} />
                {actingFor !== null && (
                  <>
                    {" for "}
                    <Party party={actingFor} />
                  </>
                )}
              </>
            ),
        },
        { label: "Subject", cell: ({ subject }) => subject && <Party party={subject} /> },
        { label: "Address", cell: ({ address }) => address && <Address address={address} /> },
      ]}
      details={(event) => <Details event={event} />}
    />
  );
}

/** By name, with a link to what it is if it still exists. */
function Party({ party: { id, kind, name, userId } }: { party: AuditParty }) {
  const text = (
    <UntrustedText text={name || id} max={kind === "browser" ? MAX_BROWSER : undefined} />
  );
  const path = kind === "user"
    ? personPath(id)
    : kind === "token"
    ? `/tokens/${id}`
    : kind === "service_account"
    ? listUrl("/admin/tokens", { owner: id })
    : kind === "rule"
    ? "/admin/trust"
    : userId !== null
    ? personPath(userId)
    : undefined;
  return (
    <>
      {kind !== null && kind !== "user" && `${kind.replace("_", " ")} `}
      {path === undefined ? text : <a href={path}>{text}</a>}
    </>
  );
}

function Details({ event }: { event: ListedAuditEvent }) {
  const { time, actor, actingFor, subject, address, requestId, replica, id, details } = event;
  return (
    <details>
      <summary>
        Details<span class="hidden">
          {" of "}
          <UntrustedText text={event.event} />
        </span>
      </summary>
      <dl>
        <Fact name="Time">
          <code>{time}</code>
        </Fact>
        {actor !== null && <Searched name="Actor" parameter="actor" value={actor.id} />}
        {actingFor !== null && (
          <Searched
            name="Acting for"
            parameter="actor"
            value={actingFor.id}
          />
        )}
        {subject !== null && <Searched name="Subject" parameter="subject" value={subject.id} />}
        {(subject?.kind === "token" || subject?.kind === "login") && (
          <Fact name="History">
            <a href={historyUrl(subject.id)}>From approval to end</a>
          </Fact>
        )}
        {address !== null && <Searched name="Address" parameter="address" value={address} />}
        {requestId !== null && <Searched name="Request" parameter="request" value={requestId} />}
        {replica !== null && <TextFact name="Replica" value={replica} />}
        <TextFact name="Id" value={id} />
        {Object.entries(details).map(([name, value]) => (
          <TextFact name={<UntrustedText text={name} />} value={String(value)} />
        ))}
      </dl>
    </details>
  );
}

/** A value with a link to all events that have it. */
function Searched(
  { name, parameter, value }: {
    name: string;
    parameter: "actor" | "subject" | "address" | "request";
    value: string;
  },
) {
  return (
    <Fact name={name}>
      {value.length > MAX_PARAMETER
        ? <UntrustedText text={value} max={MAX_DETAIL} />
        : (
          <a href={auditUrl({ [parameter]: value })}>
            <UntrustedText text={value} max={MAX_PARAMETER} />
          </a>
        )}
    </Fact>
  );
}

function TextFact({ name, value }: { name: Child; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <UntrustedText text={value} max={MAX_DETAIL} />
      </dd>
    </div>
  );
}
