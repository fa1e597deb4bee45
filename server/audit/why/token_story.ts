import { findPersonalAccessToken } from "../../store/pats/find.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { findLoginRow, findTokenIds, listEventsAbout } from "../../store/audit_log/stories.ts";
import type { AuditRecord } from "../../store/audit_log/list.ts";
import { describeLogin } from "./login_story.ts";
import {
  lastOf,
  namesOf,
  occurrences,
  sentence,
  step,
  type Story,
  type StoryStep,
  type WhyDeps,
} from "./story.ts";

const MAX_EVENTS = 200;
const COUNTED = ["token.exchanged"];

/** Undefined if neither the token nor an event about it is there. */
export async function describeToken(deps: WhyDeps, id: string): Promise<Story | undefined> {
  const { sql, clock } = deps;
  const token = await findPersonalAccessToken(sql, id);
  const events = await listEventsAbout(sql, { subjects: [id], limit: MAX_EVENTS });
  const created = events.find(({ event }) =>
    ["token.created", "token.imported", "token.rotated"].includes(event)
  );
  if (token === undefined && created === undefined) return undefined;
  const name = await namesOf(sql, events);
  const login = token?.createdByLogin ?? loginOf(created);
  const steps: StoryStep[] = [...await approvalSteps(deps, login)];
  for (const event of events) {
    if (COUNTED.includes(event.event)) continue;
    steps.push(step(event.occurredAt, sentence(event, name)));
  }
  steps.push(...usesOf(token, events), ...endOf(token, events, clock.now()));
  const next = token && await findTokenIds(sql, { rotatedFrom: token.id });
  steps.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
  const owner = token?.owner.username ?? name(String(created?.details.owner ?? ""));
  return {
    kind: "token",
    id,
    title: `Personal access token ${token?.name ?? created?.details.name} of ${owner}`,
    state: token === undefined ? "unknown" : stateOf(token, clock.now()),
    facts: [
      { name: "prefix", value: String(token?.prefix ?? created?.details.prefix) },
      { name: "scopes", value: String(token?.scope ?? created?.details.scope) || "none" },
      ...token === undefined ? [] : [{
        name: "resource",
        value: token.resource ?? deps.catalog.default.identifier,
      }],
      ...token?.allowedAddresses.length
        ? [{ name: "addresses", value: token.allowedAddresses.join(", ") }]
        : [],
      ...login === undefined ? [] : [{ name: "created with the login", value: login }],
      ...token?.rotatedFrom === undefined
        ? []
        : [{ name: "replaces the token", value: token.rotatedFrom }],
      ...next?.length ? [{ name: "replaced by the token", value: next.join(", ") }] : [],
    ],
    steps,
  };
}

function loginOf(event: AuditRecord | undefined): string | undefined {
  const { login } = event?.details ?? {};
  return typeof login === "string" ? login : undefined;
}

/** Where the login that created the token was approved, as the first step of its own life. */
async function approvalSteps(deps: WhyDeps, loginId: string | undefined): Promise<StoryStep[]> {
  if (loginId === undefined || await findLoginRow(deps.sql, { id: loginId }) === undefined) {
    return [];
  }
  const login = await describeLogin(deps, loginId);
  const approval = login?.steps.find(({ text }) => text.startsWith("was approved"));
  if (login === undefined || approval === undefined) return [];
  const called = login.title.replace(/^Login/, "the login");
  return [{ ...approval, text: `${called} ${approval.text}` }];
}

function usesOf(
  token: PersonalAccessToken | undefined,
  events: readonly AuditRecord[],
): StoryStep[] {
  const steps: StoryStep[] = [];
  const exchanged = events.filter(({ event }) => event === "token.exchanged");
  const last = exchanged.at(-1);
  if (last !== undefined) {
    const from = last.address === null ? "" : ` from ${last.address}`;
    const count = lastOf(occurrences(exchanged));
    steps.push(step(last.occurredAt, `was exchanged for an access token${count}${from}`));
  }
  if (token?.lastUsedAt !== undefined) {
    const from = token.lastUsedAddress === undefined ? "" : ` from ${token.lastUsedAddress}`;
    const agent = token.lastUsedAgent === undefined ? "" : ` with ${token.lastUsedAgent}`;
    steps.push(step(token.lastUsedAt, `was used for the last time${from}${agent}`));
  }
  return steps;
}

function stateOf({ revokedAt, expiresAt }: PersonalAccessToken, now: number): Story["state"] {
  if (revokedAt !== undefined) return "revoked";
  return expiresAt !== undefined && expiresAt.getTime() <= now ? "expired" : "active";
}

function endOf(
  token: PersonalAccessToken | undefined,
  events: readonly AuditRecord[],
  now: number,
): StoryStep[] {
  if (token === undefined) return [];
  if (token.revokedAt !== undefined) {
    if (events.some(({ event }) => event === "token.revoked")) return [];
    const reason = token.revokedReason ?? "";
    const why = reason === "" ? "" : `: ${reason.replaceAll("_", " ")}`;
    return [step(token.revokedAt, `was revoked${why}`)];
  }
  if (token.expiresAt === undefined) return [];
  return [step(token.expiresAt, token.expiresAt.getTime() <= now ? "expired" : "expires")];
}
