import type { Clock } from "../../../shared/clock.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { describeAuditIds } from "../../store/audit_log/names.ts";
import type { AuditRecord } from "../../store/audit_log/list.ts";
import type { Sql } from "../../store/db/connect.ts";

export interface WhyDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  catalog: Pick<ResourceCatalog, "default">;
}

/** The life of a credential, from its approval to its end. */
export interface Story {
  kind: "token" | "login" | "narrow_token" | "access_token" | "run";
  id: string;
  /** What it is: `Login alice-laptop of alice@example.com`. */
  title: string;
  state: "active" | "revoked" | "expired" | "issued" | "refused" | "unknown";
  /** What else is known, by name. */
  facts: { name: string; value: string }[];
  /** Oldest first. */
  steps: StoryStep[];
}

export interface StoryStep {
  /** ISO 8601. */
  time: string;
  /** A sentence without its subject: `was approved by alice@example.com`. */
  text: string;
}

export function step(time: Date, text: string): StoryStep {
  return { time: time.toISOString(), text };
}

/** Names for the ids in events; those that do not exist any more stay ids. */
export async function namesOf(
  sql: Sql,
  events: readonly (AuditRecord | undefined)[],
  ids: readonly string[] = [],
): Promise<(id: string | null) => string> {
  const all = events.flatMap((event) =>
    event === undefined ? [] : [event.actor, event.actingFor].filter((id) => id !== null)
  );
  const named = await describeAuditIds(sql, [...all, ...ids]);
  const names = new Map(named.map(({ id, name }) => [id, name]));
  return (id) => id === null ? "an unknown client" : names.get(id) ?? id;
}

/** ` by alice@example.com from 192.0.2.1`, with the agent that acted for them. */
export function byWhom(event: AuditRecord, name: (id: string | null) => string): string {
  const { actor, actingFor, address } = event;
  const who = actor === null
    ? ""
    : actingFor === null
    ? ` by ${name(actor)}`
    : ` by ${name(actor)} for ${name(actingFor)}`;
  return `${who}${address === null ? "" : ` from ${address}`}`;
}

/** How often the events happened, with those that were only counted. */
export function occurrences(events: readonly AuditRecord[]): number {
  return events.reduce((sum, { details }) => sum + Number(details.count ?? 1), 0);
}

/** For the last of several occurrences. */
export function lastOf(count: number): string {
  return count === 1 ? "" : `, for the last of ${count} times`;
}

/** What an event about a token or a login did, for those with a sentence of their own. */
const SENTENCES: Readonly<Record<string, string>> = {
  "token.created": "was created",
  "token.imported": "was imported",
  "token.rotated": "was rotated",
  "token.edited": "was edited",
  "token.revoked": "was revoked",
  "token.leaked": "was reported as leaked",
  "login.revoked": "was revoked",
  "login.renamed": "was renamed",
  "refresh_token.replayed": "was revoked, since a refresh token was used that had been replaced",
  "authorization_code.replayed": "was revoked, since its authorization code was used twice",
  "token.delegation_revoked": "had a narrow token revoked",
};

export function sentence(event: AuditRecord, name: (id: string | null) => string): string {
  const what = SENTENCES[event.event] ?? event.event;
  const { reason } = event.details;
  const why = typeof reason === "string" && reason !== ""
    ? ` (${reason.replaceAll("_", " ")})`
    : "";
  return `${what}${byWhom(event, name)}${why}`;
}
