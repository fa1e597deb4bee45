import {
  findApprovalEvent,
  findLoginRow,
  listEventsAbout,
  listTokensOfLogin,
  type LoginRow,
} from "../../store/audit_log/stories.ts";
import type { AuditRecord } from "../../store/audit_log/list.ts";
import {
  byWhom,
  lastOf,
  namesOf,
  occurrences,
  sentence,
  step,
  type Story,
  type StoryStep,
  type WhyDeps,
} from "./story.ts";

/** Events of each end of the life of a login; the rest is only summed up. */
const MAX_EVENTS = 500;
const MAX_TOKENS = 20;
/** What a login does again and again. */
const COUNTED = ["token.delegated", "token.refreshed"];

/** Undefined if neither the login nor an event about it is there. */
export async function describeLogin(deps: WhyDeps, id: string): Promise<Story | undefined> {
  const { sql, clock } = deps;
  const row = await findLoginRow(sql, { id });
  const events = await listEventsAbout(sql, { subjects: [id], limit: MAX_EVENTS });
  if (row === undefined && events.length === 0) return undefined;
  const tokens = await listTokensOfLogin(sql, { loginId: id, limit: MAX_TOKENS });
  const started = events.find(({ event }) => event === "login.succeeded");
  const approval = await approvalOf(deps, row, started);
  const name = await namesOf(sql, [...events, approval], row && [row.userId]);
  const steps: StoryStep[] = [];
  if (approval !== undefined) steps.push(describeApproval(approval, name, row));
  if (started !== undefined) {
    const agent = row === undefined ? "" : `, with ${row.userAgent || "an unnamed program"}`;
    steps.push(step(started.occurredAt, `logged in from ${started.address}${agent}`));
  }
  steps.push(...summarize(events, row));
  for (const event of events) {
    if (event === started || COUNTED.includes(event.event)) continue;
    steps.push(step(event.occurredAt, sentence(event, name)));
  }
  if (row !== undefined) steps.push(...endOf(row, events, clock.now()));
  steps.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
  const called = row?.name ?? row?.clientId ?? started?.details.name ?? "";
  return {
    kind: "login",
    id,
    title: `Login ${called} of ${row?.email ?? name(started?.actor ?? null)}`.replace("  ", " "),
    state: row === undefined ? "unknown" : stateOf(row, clock.now()),
    facts: [
      ...row === undefined ? [] : [
        { name: "client", value: row.clientId },
        { name: "scopes", value: row.scope },
      ],
      ...tokens.length === 0 ? [] : [{
        name: "tokens created with it",
        value: tokens.map(({ name, revokedAt }) => revokedAt === null ? name : `${name} (revoked)`)
          .join(", "),
      }],
    ],
    steps,
  };
}

async function approvalOf(
  { sql }: WhyDeps,
  row: LoginRow | undefined,
  started: AuditRecord | undefined,
): Promise<AuditRecord | undefined> {
  const userId = row?.userId ?? started?.actor;
  const clientId = row?.clientId ?? started?.details.client_id;
  const at = started?.occurredAt ?? row?.createdAt;
  if (typeof userId !== "string" || typeof clientId !== "string" || at === undefined) return;
  const id = started?.details.approval;
  return await findApprovalEvent(sql, {
    ...{ userId, clientId, at },
    id: typeof id === "string" ? id : undefined,
  });
}

function describeApproval(
  event: AuditRecord,
  name: (id: string | null) => string,
  row: LoginRow | undefined,
): StoryStep {
  const { details, occurredAt } = event;
  const device = details.requester_address === undefined
    ? ""
    : `, for a device at ${details.requester_address}`;
  const factors = row?.amr?.length ? `, signed in with ${row.amr.join(" and ")}` : "";
  const earlier = details.remembered === true ? " (remembered from an earlier approval)" : "";
  return step(
    occurredAt,
    `was approved${byWhom(event, name)} in a browser${device}${factors}${earlier}, with the ` +
      `scopes ${details.scope}`,
  );
}

/** One step for each kind of what came of the login again and again. */
function summarize(events: readonly AuditRecord[], row: LoginRow | undefined): StoryStep[] {
  const steps: StoryStep[] = [];
  const refreshed = events.filter(({ event }) => event === "token.refreshed");
  const lastRefresh = refreshed.at(-1);
  if (lastRefresh !== undefined) {
    const from = lastRefresh.address === null ? "" : ` from ${lastRefresh.address}`;
    const text = `was renewed${lastOf(occurrences(refreshed))}${from}`;
    steps.push(step(lastRefresh.occurredAt, text));
  } else if (row !== undefined && row.lastUsedAt > row.createdAt) {
    steps.push(step(row.lastUsedAt, "was used for the last time"));
  }
  const delegated = Map.groupBy(
    events.filter(({ event }) => event === "token.delegated"),
    ({ details }) => `${details.actor_name ?? "a tool without a name"}`,
  );
  for (const [agent, ofAgent] of delegated) {
    const last = ofAgent.at(-1)!;
    const count = occurrences(ofAgent);
    const what = count === 1 ? "a narrow token" : `the last of ${count} narrow tokens`;
    steps.push(
      step(last.occurredAt, `gave ${agent} ${what}, with the scopes ${last.details.scope}`),
    );
  }
  return steps;
}

function stateOf(row: LoginRow, now: number): Story["state"] {
  if (row.revokedAt !== null) return "revoked";
  return expiryOf(row).getTime() <= now ? "expired" : "active";
}

function expiryOf({ idleExpiresAt, absoluteExpiresAt }: LoginRow): Date {
  return idleExpiresAt < absoluteExpiresAt ? idleExpiresAt : absoluteExpiresAt;
}

const ENDINGS = ["login.revoked", "refresh_token.replayed", "authorization_code.replayed"];

function endOf(row: LoginRow, events: readonly AuditRecord[], now: number): StoryStep[] {
  if (row.revokedAt !== null) {
    if (events.some(({ event }) => ENDINGS.includes(event))) return [];
    const reason = row.revokedReason === null ? "" : `: ${row.revokedReason.replaceAll("_", " ")}`;
    return [step(row.revokedAt, `was revoked${reason}`)];
  }
  const expiry = expiryOf(row);
  const isIdle = row.idleExpiresAt < row.absoluteExpiresAt;
  const condition = isIdle ? ", unless it is used before" : "";
  return [
    step(
      expiry,
      expiry.getTime() <= now ? "expired" : `expires${condition}`,
    ),
  ];
}
