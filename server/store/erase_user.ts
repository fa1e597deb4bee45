/** Removes a user's address and name from what stays when the user is deleted. */
import { nameKey } from "../../shared/name_key.ts";
import { replicaId } from "../request_context.ts";
import { auditColumns, type AuditRecord } from "./audit_log/list.ts";
import { appendAllRepeatedEvents } from "./audit_log/repeats.ts";
import type { Transaction } from "./db/connect.ts";
import { emailProblem } from "./users.ts";

/** Rows of the audit log that are read and written at a time. */
const BATCH = 500;

/** What identifies a person in text. */
interface PersonalData {
  id: string;
  /** The present address and earlier ones. */
  emails: readonly string[];
  /** The name, and the id in another system. */
  names: readonly string[];
}

type AuditRow = Pick<AuditRecord, "id" | "actor" | "subject" | "details"> & { own: boolean };

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
 * Replaces the user's addresses and name in the audit log and in descriptions of others' tokens by
 * a pseudonym, which leads to the id of the user in the same log. Call it before the row of the
 * user is deleted. A name of one word, which may be an ordinary one, is replaced only in the events
 * of the user, and never as who caused an event or what it is about: a user may be called operator.
 */
export async function eraseUser(
  tx: Transaction,
  { id, email, name, subject }: { id: string; email: string; name: string; subject: string },
  amend: AmendEvent,
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
  await eraseFromAuditLog(tx, person, amend);
  await eraseFromOlderEvents(tx, person);
  await eraseFromTokens(tx, person);
  await eraseSignIns(tx, person);
}

/** What stands for a deleted user in text: the first part of the id, which the log keeps. */
export function pseudonymOf(userId: string): string {
  return `user-${userId.slice(0, 8)}`;
}

async function eraseFromAuditLog(
  tx: Transaction,
  person: PersonalData,
  amend: AmendEvent,
): Promise<void> {
  await tx`select set_config('audit.erasing', 'on', true)`;
  await eraseFrom(tx, person, "audit_log", async (changed) => {
    const [{ commitment, ...record }] = await tx<
      (AuditRecord & { commitment: Uint8Array | null })[]
    >`select ${auditColumns(tx)}, commitment from audit_log where id = ${changed.id}`;
    const { actor, subject, details } = changed;
    const next = { ...record, actor, subject, details };
    const { salt, amendment } = commitment === null
      ? { salt: null, amendment: null }
      : amend(next, commitment);
    await tx`
      update audit_log set
        actor = ${actor}, subject = ${subject}, details = ${tx.json(details)},
        salt = ${salt}, amendment = ${amendment}
      where id = ${changed.id}`;
  });
  await tx`select set_config('audit.erasing', 'off', true)`;
}

/** Of programs before migration 0029; these are copied to the audit log. */
async function eraseFromOlderEvents(tx: Transaction, person: PersonalData): Promise<void> {
  await eraseFrom(tx, person, "audit_events", async ({ id, actor, subject, details }) => {
    await tx`
      update audit_events set
        actor = ${actor}, subject = ${subject}, details = ${tx.json(details)}
      where id = ${id}`;
  });
}

/** Calls `store` with each event that names the person, as it should be. */
async function eraseFrom(
  tx: Transaction,
  person: PersonalData,
  table: "audit_log" | "audit_events",
  store: (row: AuditRow) => Promise<void>,
): Promise<void> {
  const { id, emails, names } = person;
  const anywhere = needles([...emails, ...names.filter(isFullName)]);
  const ofUser = needles([...emails, ...names]);
  const replaceAnywhere = replacement(person, anywhere);
  const replaceOfUser = replacement(person, ofUser);
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    // Locked, so that none is sealed with its old content.
    const rows = await tx<AuditRow[]>`
      select id, actor, subject, details, own from (
        select id, actor, subject, details,
          coalesce(actor = ${id}, false) or coalesce(subject = ${id}, false)
            or details ->> 'owner' = ${id} as own,
          lower(concat_ws(' ', actor, subject, details::text)) as text
        from ${tx(table)} where id > ${after}::uuid
      ) e
      where exists (
        select from jsonb_array_elements_text(case when coalesce(own, false)
          then ${tx.json(ofUser)}::jsonb else ${tx.json(anywhere)}::jsonb end) needle
        where strpos(e.text, lower(needle)) > 0
      )
      order by id limit ${BATCH} for update`;
    for (const row of rows) {
      const details = replaceIn(row.details, row.own ? replaceOfUser : replaceAnywhere);
      await store({
        ...row,
        actor: row.actor && replaceAnywhere(row.actor),
        subject: row.subject && replaceAnywhere(row.subject),
        details: details as AuditRow["details"],
      });
    }
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.id;
  }
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
