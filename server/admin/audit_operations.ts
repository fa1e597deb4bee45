import type { KnownSeal } from "../audit/check_chain.ts";
import { type ListedAuditEvent, toListedEvents } from "../audit/listed_event.ts";
import { type AuditSearch, toAuditFilter } from "../audit/search.ts";
import {
  countUnsealed,
  verifyAuditChain,
  type VerifyCursor,
  type VerifyPage,
} from "../audit/verify_chain.ts";
import type { Story } from "../audit/why/story.ts";
import { describeCredential, type WhySubject } from "../audit/why/why.ts";
import { DomainError } from "../domain_error.ts";
import { type AuditQuery, listAuditEvents } from "../store/audit_log/list.ts";
import { readTail, startTail, type TailCursor } from "../store/audit_log/tail.ts";
import type { Operation } from "./operation.ts";

/** Events of one response, at most. */
export const AUDIT_PAGE = 500;

/** The place of the last event of a page. */
export interface AuditPlace {
  at: string;
  seq: string;
  id: string;
}

export interface AuditPage {
  events: ListedAuditEvent[];
  /** Where the next page starts; null after the last one. */
  next: AuditPlace | null;
}

/** A page of the audit log. */
export const readAuditLog: Operation<
  {
    search: AuditSearch;
    order: NonNullable<AuditQuery["order"]>;
    after?: AuditPlace;
    maxSeq?: string;
    limit: number;
  },
  AuditPage | DomainError
> = async ({ sql }, { search, after, limit, ...query }) => {
  const filter = await toAuditFilter(sql, search);
  if (filter instanceof DomainError) return filter;
  const size = Math.min(limit, AUDIT_PAGE);
  const records = await listAuditEvents(sql, {
    ...filter,
    ...query,
    after: after && { ...after, at: new Date(after.at) },
    limit: size,
  });
  const last = records.at(-1);
  return {
    events: await toListedEvents(sql, records),
    next: last === undefined || records.length < size
      ? null
      : { at: last.occurredAt.toISOString(), seq: last.seq, id: last.id },
  };
};

/** What was recorded since the cursor was returned; without one, only a cursor. */
export const followAuditLog: Operation<
  { search: AuditSearch; cursor?: TailCursor },
  { events: ListedAuditEvent[]; cursor: TailCursor; isDone: boolean } | DomainError
> = async ({ sql, clock }, { search, cursor }) => {
  const now = new Date(clock.now());
  if (cursor === undefined) {
    return { events: [], cursor: await startTail(sql, now), isDone: true };
  }
  const filter = await toAuditFilter(sql, search);
  if (filter instanceof DomainError) return filter;
  const page = await readTail(sql, { cursor, filter, limit: AUDIT_PAGE, now });
  return { ...page, events: await toListedEvents(sql, page.events) };
};

/** Checks a part of the audit log; with the last part, counts the events without a seal. */
export const verifyAuditLog: Operation<
  { cursor?: VerifyCursor; known: KnownSeal[] },
  VerifyPage & { unsealed: { waiting: number; overdue: number; older: number } | null }
> = async (deps, { cursor, known }) => {
  const page = await verifyAuditChain(deps, { cursor, known });
  return { ...page, unsealed: page.next === null ? await countUnsealed(deps) : null };
};

/** The life of a token, a login or a CI run. */
export const whyCredential: Operation<{ subject: WhySubject }, Story | DomainError> = async (
  deps,
  { subject },
) => await describeCredential(deps, subject);
