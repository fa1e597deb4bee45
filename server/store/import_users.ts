import { randomUUID } from "node:crypto";
import { nameKey } from "../../shared/name_key.ts";
import type { Transaction } from "./db/connect.ts";
import { LOCAL } from "./groups.ts";

export interface UserToInsert {
  /** Identifies it in the result. */
  row: number;
  id: string;
  /** Undefined: the id. */
  subject?: string;
  email: string;
  name: string;
  passwordHash?: string;
  emailVerified: boolean;
  disabled: boolean;
}

/** Inserts those that conflict with nothing; returns which. */
export async function insertUsers(
  tx: Transaction,
  users: readonly UserToInsert[],
  now: Date,
): Promise<Set<number>> {
  const rows = await tx<{ row: number }[]>`
    with input as (${recordset(tx, users)}), inserted as (
      insert into users (
        id, subject, email, email_key, email_verified, name, password_hash, is_admin, created_at,
        disabled_at
      )
      select id, subject, email, email_key, email_verified, name, password_hash, false,
        ${now}::timestamptz, case when disabled then ${now}::timestamptz end
      from input i
      -- The subject of a token names one principal.
      where not exists (select from service_accounts s where s.id = i.id)
      on conflict do nothing
      returning id
    )
    select input.row from input join inserted on inserted.id = input.id`;
  return new Set(rows.map(({ row }) => row));
}

/** The accounts that users of a file conflict with. */
export interface ExistingUser {
  row: number;
  /** The account with the same subject exists. */
  bySubject: boolean;
  /** The account with the same address exists. */
  byEmail: boolean;
}

export async function findExistingUsers(
  tx: Transaction,
  users: readonly UserToInsert[],
): Promise<ExistingUser[]> {
  const rows = await tx<ExistingUser[]>`
    select i.row,
      exists (select from users u where u.subject = i.subject) as "bySubject",
      exists (select from users u where u.email_key = i.email_key) as "byEmail"
    from (${recordset(tx, users)}) i`;
  return rows.map((row) => ({ ...row }));
}

function recordset(tx: Transaction, users: readonly UserToInsert[]) {
  const rows = users.map((user) => ({
    row: user.row,
    id: user.id,
    subject: user.subject ?? null,
    email: user.email.normalize("NFC"),
    email_key: nameKey(user.email),
    name: user.name.normalize("NFC"),
    password_hash: user.passwordHash ?? null,
    email_verified: user.emailVerified,
    disabled: user.disabled,
  }));
  return tx`
    select * from jsonb_to_recordset(${tx.json(rows)}) as r (
      row int, id uuid, subject text, email text, email_key text, name text, password_hash text,
      email_verified boolean, disabled boolean
    )`;
}

/** Adds users to groups, which are created if there are none of these names in any letter case. */
export async function addMembers(
  tx: Transaction,
  members: readonly { userId: string; groups: readonly string[] }[],
  now: Date,
): Promise<void> {
  const rows = members.flatMap(({ userId, groups }) =>
    groups.map((name) => ({ user_id: userId, name }))
  );
  if (rows.length === 0) return;
  const names = new Map<string, string>();
  for (const { name } of rows) {
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  const missing = await tx<{ name: string }[]>`
    select name from jsonb_array_elements_text(${tx.json([...names.values()])}) as n (name)
    where not exists (
      select from groups g where lower(g.name collate "C") = lower(n.name collate "C"))`;
  if (missing.length > 0) {
    const groups = missing.map(({ name }) => ({ id: randomUUID(), name }));
    await tx`
      insert into groups (id, name, created_at)
      select id, name, ${now}::timestamptz
      from jsonb_to_recordset(${tx.json(groups)}) as g (id uuid, name text)
      on conflict do nothing`;
  }
  await tx`
    insert into group_memberships (user_id, source, name)
    select distinct m.user_id, ${LOCAL}, g.name
    from jsonb_to_recordset(${tx.json(rows)}) as m (user_id uuid, name text)
      join groups g on lower(g.name collate "C") = lower(m.name collate "C")
    on conflict do nothing`;
}
