import { DomainError } from "../domain_error.ts";
import type { AuditResult } from "../store/audit_events.ts";
import type { AuditFilter } from "../store/audit_log/list.ts";
import { findAuditIds } from "../store/audit_log/names.ts";
import type { Sql } from "../store/db/connect.ts";

/** What events to look for, as users write it. Times are ISO 8601. */
export interface AuditSearch {
  since?: string;
  until?: string;
  /** An id, an address of a user, or the name of an account. Finds what agents did for them, too. */
  actor?: string;
  /** As the actor; also the name of a trust rule or the prefix of a token. */
  subject?: string;
  /** Names, in which `*` stands for any text. */
  events?: string[];
  result?: AuditResult;
  address?: string;
  requestId?: string;
}

/** Of one search. */
const MAX_EVENTS = 20;

/** Names of events, separated by commas or spaces. */
export function splitEventNames(text: string): string[] {
  return text.split(/[\s,]/).filter((name) => name !== "").slice(0, MAX_EVENTS);
}

/** Looks up the names in a search. */
export async function toAuditFilter(
  sql: Sql,
  { since, until, actor, subject, ...search }: AuditSearch,
): Promise<AuditFilter | DomainError> {
  const actors = actor === undefined ? undefined : await idsOf(sql, actor, "actor");
  if (actors instanceof DomainError) return actors;
  const subjects = subject === undefined ? undefined : await idsOf(sql, subject, "subject");
  if (subjects instanceof DomainError) return subjects;
  return {
    ...search,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
    actors,
    subjects,
  };
}

async function idsOf(
  sql: Sql,
  text: string,
  field: string,
): Promise<string[] | DomainError> {
  const ids = await findAuditIds(sql, text);
  if (ids.length === 0 && text.includes("@")) {
    return new DomainError(
      "not_found",
      `There is no user with the address ${text}. Search for a deleted user by id.`,
      { field },
    );
  }
  return [text, ...ids];
}
