import type { Sql, Transaction } from "./db/connect.ts";

/** What an identity provider may report besides sign-ins. */
export interface ProviderSignals {
  provider: string;
  /** Whether its back-channel logout also revokes the logins that were approved in those browsers. */
  logoutRevokesLogins: boolean;
  /** Undefined: it may not push events. */
  eventsTokenHash?: Uint8Array;
  /** Undefined: the issuer of its ID tokens. */
  eventsIssuer?: string;
  /** Undefined: the client id, or the address that receives them. */
  eventsAudience?: string;
  /** Whether a disabled account disables its user; otherwise it only signs the user out. */
  disablesUsers: boolean;
  lastEventAt?: Date;
}

interface Row {
  provider: string;
  logout_revokes_logins: boolean;
  events_token_hash: Uint8Array | null;
  events_issuer: string | null;
  events_audience: string | null;
  disables_users: boolean;
  last_event_at: Date | null;
}

export async function findProviderSignals(
  sql: Sql | Transaction,
  provider: string,
): Promise<ProviderSignals> {
  const [row] = await sql<Row[]>`select * from provider_signals where provider = ${provider}`;
  return {
    provider,
    logoutRevokesLogins: row?.logout_revokes_logins ?? false,
    eventsTokenHash: row?.events_token_hash ?? undefined,
    eventsIssuer: row?.events_issuer ?? undefined,
    eventsAudience: row?.events_audience ?? undefined,
    disablesUsers: row?.disables_users ?? true,
    lastEventAt: row?.last_event_at ?? undefined,
  };
}

export async function saveProviderSignals(
  tx: Transaction,
  { now, ...signals }: ProviderSignals & { now: Date },
): Promise<void> {
  await tx`
    insert into provider_signals (
      provider, logout_revokes_logins, events_token_hash, events_issuer, events_audience,
      disables_users, created_at
    ) values (
      ${signals.provider}, ${signals.logoutRevokesLogins}, ${signals.eventsTokenHash ?? null},
      ${signals.eventsIssuer ?? null}, ${signals.eventsAudience ?? null}, ${signals.disablesUsers},
      ${now}
    )
    on conflict (provider) do update set
      logout_revokes_logins = excluded.logout_revokes_logins,
      events_token_hash = excluded.events_token_hash, events_issuer = excluded.events_issuer,
      events_audience = excluded.events_audience, disables_users = excluded.disables_users`;
}

export async function recordProviderEvent(
  tx: Transaction,
  { provider, now }: { provider: string; now: Date },
): Promise<void> {
  await tx`update provider_signals set last_event_at = ${now} where provider = ${provider}`;
}

/** The subject of a report, as the provider knows it. */
export type ReportedSubject =
  | { kind: "subject"; issuer: string; subject: string }
  /** In the form of the keys of users. `isTrusted`: it may be the address of the user here too. */
  | { kind: "email"; email: string; isTrusted: boolean };

/** The users that a report is about. */
export async function findReportedUsers(
  sql: Sql | Transaction,
  provider: string,
  reported: ReportedSubject,
): Promise<string[]> {
  const rows = reported.kind === "subject"
    ? await sql<{ user_id: string }[]>`
      select user_id from identities
      where provider = ${provider} and issuer = ${reported.issuer}
        and subject = ${reported.subject}`
    : await sql<{ user_id: string }[]>`
      select i.user_id from identities i join users u on u.id = i.user_id
      where i.provider = ${provider} and (
        lower(i.email) = ${reported.email}
        or (${reported.isTrusted}::boolean and u.email_key = ${reported.email})
      )
      limit 10`;
  return [...new Set(rows.map((row) => row.user_id))];
}

/** Browser sessions that began with an account of a provider, signed out or not. */
export async function listProviderSessions(
  tx: Transaction,
  query: {
    provider: string;
    issuer: string;
    /** The session at the provider. */
    sessionId?: string;
    subject?: string;
    userId?: string;
  },
): Promise<{ id: string; userId: string }[]> {
  return await tx<{ id: string; userId: string }[]>`
    select s.id, s.user_id as "userId"
    from identities i join sessions s on s.identity_id = i.id
    where i.provider = ${query.provider} and i.issuer = ${query.issuer}
      and (${query.subject ?? null}::text is null or i.subject = ${query.subject ?? null})
      and (${query.userId ?? null}::uuid is null or i.user_id = ${query.userId ?? null})
      and (${query.sessionId ?? null}::text is null
        or s.upstream_session_id = ${query.sessionId ?? null})
    for update of s`;
}
