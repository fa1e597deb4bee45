/** Removes a user's address and name from what stays when the user is deleted. */
import { nameKey } from "../../shared/name_key.ts";
import { replicaId } from "../request_context.ts";
import { auditColumns, type AuditRecord } from "./audit_log/list.ts";
import { appendAllRepeatedEvents } from "./audit_log/repeats.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { emailProblem } from "./users.ts";

/** What identifies a person in text. */
interface PersonalData {
  id: string;
  /** The present address and earlier ones. */
  emails: readonly string[];
  /** The name, and the id in another system. */
  names: readonly string[];
}

/** Proves that the server itself changed a sealed event. */
export type AmendEvent = (
  record: AuditRecord,
  commitment: Uint8Array,
) => { salt: Uint8Array; amendment: Uint8Array };

/**
 * The addresses that a user has or had, as far as the audit log goes back. Other users may have one
 * of the earlier ones now: theirs stays.
 */
export async function addressesOfUser(
  tx: Transaction,
  { id, email }: { id: string; email: string },
): Promise<string[]> {
  const rows = await tx<{ email: string }[]>`
    select distinct value as email
    from audit_log e, jsonb_each_text(e.details) d (key, value)
    where e.subject = ${id} and e.event = 'user.changed' and key in ('email_from', 'email_to')
      and not exists (
        select from users u where u.id::text <> ${id} and u.email_key = lower(value)
      )
    limit 100`;
  return [...new Set([email, ...rows.map((row) => row.email)])];
}

/**
 * Prepares to replace the user's addresses and name in the audit log by a pseudonym, which leads to
 * the id of the user in the same log, and replaces them elsewhere. Call it before the row of the
 * user is deleted, and eraseNextEvents after the transaction. A name of one word, which may be an
 * ordinary one, is replaced only in the events of the user, and never as who caused an event or what
 * it is about: a user may be called operator.
 */
export async function beginErasure(
  tx: Transaction,
  { id, email, name, subject }: { id: string; email: string; name: string; subject: string },
  now: Date,
): Promise<void> {
  const addresses = await addressesOfUser(tx, { id, email });
  // The subject of a user who was imported may be an address or a name of another system, or 1.
  const isAddress = emailProblem(subject) === undefined;
  const person: PersonalData = {
    id,
    emails: isAddress ? [...addresses, subject] : addresses,
    names: subject === id || isAddress ? [name] : [name, subject],
  };
  await appendAllRepeatedEvents(tx, replicaId());
  await eraseFromTokens(tx, person);
  await eraseSignIns(tx, person);
  const stored = { ...person, emails: [...person.emails], names: [...person.names] };
  await tx`
    insert into erasures (user_id, person, requested_at, max_seq)
    select ${id}, ${tx.json(stored)}, ${now}, last_value from audit_log_seq`;
}

/** What stands for a deleted user in text: the first part of the id, which the log keeps. */
export function pseudonymOf(userId: string): string {
  return `user-${userId.slice(0, 8)}`;
}

interface Erasure {
  userId: string;
  person: PersonalData;
  table: "audit_events" | "audit_log";
  maxSeq: string;
  /** As text: a Date has no microseconds. */
  afterTime: string;
  afterId: string;
}

/**
 * Goes through the next `limit` events of a user who was deleted, or of the one who waits longest;
 * at most one process at a time does so for each user. Returns false if there is nothing to do.
 */
export async function eraseNextEvents(
  sql: Sql,
  amend: AmendEvent,
  { limit, userId }: { limit: number; userId?: string },
): Promise<boolean> {
  return await sql.begin(async (tx) => {
    const [erasure] = await tx<Erasure[]>`
      select user_id as "userId", person, in_table as "table", max_seq::text as "maxSeq",
        after_time::text as "afterTime", after_id as "afterId"
      from erasures where ${userId === undefined ? tx`true` : tx`user_id = ${userId}`}
      order by requested_at limit 1 for update skip locked`;
    if (erasure === undefined) return false;
    const last = await eraseFromEvents(tx, erasure, amend, limit);
    if (last !== undefined) {
      await tx`
        update erasures set after_time = ${last.at}::text::timestamptz, after_id = ${last.id}
        where user_id = ${erasure.userId}`;
    } else if (erasure.table === "audit_events") {
      await tx`
        update erasures set in_table = 'audit_log', after_time = default, after_id = default
        where user_id = ${erasure.userId}`;
    } else {
      await tx`delete from erasures where user_id = ${erasure.userId}`;
    }
    return true;
  }) as boolean;
}

/** Returns the last event of the batch; undefined if that was the last batch. */
async function eraseFromEvents(
  tx: Transaction,
  { person, table, maxSeq, afterTime, afterId }: Erasure,
  amend: AmendEvent,
  limit: number,
): Promise<{ at: string; id: string } | undefined> {
  const { id, emails, names } = person;
  const anywhere = needles([...emails, ...names.filter(isFullName)]);
  const ofUser = needles([...emails, ...names]);
  const isLog = table === "audit_log";
  const rows = await tx<{ id: string; at: string; own: boolean; isNamed: boolean }[]>`
    select id, at, own, exists (
        select from jsonb_array_elements_text(
          case when own then ${tx.json(ofUser)}::jsonb else ${tx.json(anywhere)}::jsonb end) needle
        where strpos(text, lower(needle)) > 0
      ) as "isNamed"
    from (
      select id, occurred_at, occurred_at::text as at,
        coalesce(actor = ${id}, false) or coalesce(subject = ${id}, false)
          or coalesce(details ->> 'owner' = ${id}, false) as own,
        lower(concat_ws(' ', actor, subject, details::text)) as text
      from ${tx(table)}
      where occurred_at >= ${afterTime}::text::timestamptz
        and (occurred_at, id) > (${afterTime}::text::timestamptz, ${afterId}::uuid)
        ${isLog ? tx`and audit_log.seq <= ${maxSeq}::bigint` : tx``}
      order by occurred_at, id limit ${limit}
    ) e
    order by occurred_at, id`;
  const replaceAnywhere = replacement(person, anywhere);
  const replaceOfUser = replacement(person, ofUser);
  if (isLog) await tx`select set_config('audit.erasing', 'on', true)`;
  for (const { id, at, own } of rows.filter(({ isNamed }) => isNamed)) {
    const stored = await lockEvent(tx, table, { id, at });
    if (stored === undefined) continue;
    const { actor, subject, details } = stored;
    const next = {
      actor: actor && replaceAnywhere(actor),
      subject: subject && replaceAnywhere(subject),
      details: replaceIn(details, own ? replaceOfUser : replaceAnywhere) as AuditRecord["details"],
    };
    await (isLog ? amendLogged(tx, stored, next, amend) : amendOlder(tx, stored.id, next));
  }
  if (isLog) await tx`select set_config('audit.erasing', 'off', true)`;
  return rows.length < limit ? undefined : rows.at(-1);
}

type EventContent = Pick<AuditRecord, "actor" | "subject" | "details">;
type StoredEvent = AuditRecord & { commitment: Uint8Array | null };

/** Locked, so that it is not sealed with its old content. */
async function lockEvent(
  tx: Transaction,
  table: Erasure["table"],
  { id, at }: { id: string; at: string },
): Promise<StoredEvent | undefined> {
  const columns = table === "audit_log"
    ? tx`${auditColumns(tx)}, commitment`
    : tx`id, actor, subject, details`;
  const rows = await tx<StoredEvent[]>`
    select ${columns} from ${tx(table)}
    where id = ${id} and occurred_at = ${at}::text::timestamptz for update`;
  return rows[0];
}

async function amendLogged(
  tx: Transaction,
  { commitment, ...record }: StoredEvent,
  next: EventContent,
  amend: AmendEvent,
): Promise<void> {
  const { salt, amendment } = commitment === null
    ? { salt: null, amendment: null }
    : amend({ ...record, ...next }, commitment);
  await tx`
    update audit_log set
      actor = ${next.actor}, subject = ${next.subject}, details = ${tx.json(next.details)},
      salt = ${salt}, amendment = ${amendment}
    where id = ${record.id} and occurred_at = ${record.occurredAt}`;
}

/** Of programs before migration 0029; these are copied to the audit log. */
async function amendOlder(
  tx: Transaction,
  id: string,
  { actor, subject, details }: EventContent,
): Promise<void> {
  await tx`
    update audit_events set
      actor = ${actor}, subject = ${subject}, details = ${tx.json(details)}
    where id = ${id}`;
}

/** Free text of service accounts' tokens; those of the user are deleted with the user. */
async function eraseFromTokens(tx: Transaction, person: PersonalData): Promise<void> {
  const texts = needles([...person.emails, ...person.names.filter(isFullName)]);
  const replace = replacement(person, texts);
  const rows = await tx<
    {
      id: string;
      description: string | null;
      leak_place: string | null;
      revoked_reason: string | null;
    }[]
  >`
    select id, description, leak_place, revoked_reason from personal_access_tokens t
    where service_account_id is not null and exists (
      select from jsonb_array_elements_text(${tx.json(texts)}::jsonb) needle
      where strpos(lower(concat_ws(' ', description, leak_place, revoked_reason)), lower(needle)) > 0
    )`;
  for (const row of rows) {
    await tx`
      update personal_access_tokens set
        description = ${row.description && replace(row.description)},
        leak_place = ${row.leak_place && replace(row.leak_place)},
        revoked_reason = ${row.revoked_reason && replace(row.revoked_reason)}
      where id = ${row.id}`;
  }
}

/**
 * What identity providers sent about the user without an account here, and rejected workloads whose
 * claims name them: they would send it again.
 */
async function eraseSignIns(tx: Transaction, { emails, names }: PersonalData): Promise<void> {
  const keys = emails.map(nameKey);
  await tx`delete from queued_sign_ins where lower(email) in ${tx(keys)}`;
  const texts = needles([...emails, ...names.filter(isFullName)]);
  await tx`
    delete from identity_provider_tests where result is not null and exists (
      select from jsonb_array_elements_text(${tx.json(texts)}::jsonb) needle
      where strpos(lower(result::text), lower(needle)) > 0
    )`;
  await tx`
    delete from trust_requests where exists (
      select from jsonb_array_elements_text(${tx.json(texts)}::jsonb) needle
      where strpos(lower(claims::text), lower(needle)) > 0
    )`;
}

/** A name that is not an ordinary word such as `deploy`. */
function isFullName(name: string): boolean {
  return /\S\s+\S/.test(name.trim());
}

/** As the text is stored, as JSON within JSON has it, and in the form that accounts are found by. */
function needles(texts: readonly string[]): string[] {
  return [
    ...new Set(texts.flatMap((text) => {
      const forms = [text, text.normalize("NFC"), nameKey(text), encodeURIComponent(text)];
      return forms.flatMap((form) => [
        form,
        JSON.stringify(form).slice(1, -1),
        JSON.stringify(JSON.stringify(form)).slice(3, -3),
      ]);
    })),
  ].filter((text) => text.trim() !== "");
}

/** Replaces each of `texts`, in any letter case and only as whole words. */
function replacement(person: PersonalData, texts: readonly string[]): (text: string) => string {
  const pseudonym = pseudonymOf(person.id);
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    // Not within a longer address; after an escaped character of a URL it is the beginning of one.
    "(?<=^|%[0-9a-f]{2}|[^\\p{L}\\p{N}.+_-])" +
      `(?:${longestFirst.map(escapePattern).join("|")})(?!\\.?[\\p{L}\\p{N}])`,
    "giu",
  );
  return (text) => text.replace(pattern, pseudonym);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Keys are the program's own names. */
function replaceIn(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((element) => replaceIn(element, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, replaceIn(member, replace)]),
  );
}
