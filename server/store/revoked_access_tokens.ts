import { commandLineClient } from "./clients.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { principalOfSubject } from "./principals.ts";

/** Records that an access token was revoked (RFC 7009), until it expires. */
export async function revokeAccessToken(
  sql: Sql | Transaction,
  jti: string,
  expiresAt: Date,
): Promise<void> {
  await sql`
    insert into revoked_access_tokens (jti, expires_at) values (${jti}, ${expiresAt})
    on conflict (jti) do nothing`;
}

export interface AccessTokenStatus {
  /** False once the token or its login was revoked, or its principal or client disabled or removed. */
  active: boolean;
  principalId: string;
  /** A user's e-mail address, or a service account's name. */
  username: string;
  isAdmin: boolean;
  groups: readonly string[];
  /** A service account's scopes; undefined for users. */
  ownScope?: string;
  /** The scopes that the operator gave the client; undefined: no limit. */
  clientScope?: string;
  /** The names of the resources that the operator gave the client; undefined: no limit. */
  clientResources?: string[];
  /** The CIDR networks of the personal access token that it was exchanged for. */
  allowedAddresses: string[];
  /** That token's scope, which may have been narrowed since the exchange. */
  personalAccessTokenScope?: string;
  /** The registered resource that it is for; undefined: the default one. */
  personalAccessTokenResource?: string;
  /** When that token expires, which may have changed since the exchange; undefined: never. */
  personalAccessTokenExpiresAt?: Date;
}

/** Undefined if the principal does not exist any more. */
export async function accessTokenStatus(
  sql: Sql,
  token: {
    jti: string;
    subject: string;
    clientId: string;
    familyId?: string;
    personalAccessTokenId?: string;
    /** Of a token that a login was exchanged for: the id of its row. */
    delegatedTokenId?: string;
    now: Date;
  },
): Promise<AccessTokenStatus | undefined> {
  const rows = await sql<
    {
      id: string;
      username: string;
      is_admin: boolean;
      groups: string[];
      own_scope: string | null;
      client_scope: string | null;
      client_resources: string[] | null;
      allowed_addresses: string[] | null;
      pat_scope: string | null;
      pat_resource: string | null;
      pat_expires_at: Date | null;
      active: boolean;
    }[]
  >`
    select p.id, p.username, p.scope as own_scope,
      coalesce(u.is_admin or u.group_admin, false) as is_admin,
      coalesce(u.groups, '[]') as groups,
      (select scope from clients where id = ${token.clientId}) as client_scope,
      (select resources from clients where id = ${token.clientId}) as client_resources,
      (select allowed_addresses from personal_access_tokens
        where id = ${token.personalAccessTokenId ?? null}::uuid) as allowed_addresses,
      (select scope from personal_access_tokens
        where id = ${token.personalAccessTokenId ?? null}::uuid) as pat_scope,
      (select resource from personal_access_tokens
        where id = ${token.personalAccessTokenId ?? null}::uuid) as pat_resource,
      (select expires_at from personal_access_tokens
        where id = ${token.personalAccessTokenId ?? null}::uuid) as pat_expires_at,
      p.disabled_at is null
        and not exists (select 1 from revoked_access_tokens where jti = ${token.jti})
        and not exists (
          select 1 from clients where id = ${token.clientId} and disabled_at is not null
        )
        -- A token of a personal access token has that one as its client.
        and (${token.personalAccessTokenId ?? null}::uuid is not null
          or ${token.clientId} = ${commandLineClient.id}
          or exists (select 1 from clients where id = ${token.clientId}))
        and (${token.familyId ?? null}::uuid is null or exists (
          select 1 from refresh_token_families
          where id = ${token.familyId ?? null}::uuid and revoked_at is null
        ))
        and (${token.delegatedTokenId ?? null}::uuid is null or exists (
          select 1 from delegated_tokens
          where id = ${token.delegatedTokenId ?? null}::uuid and revoked_at is null
        ))
        and (${token.personalAccessTokenId ?? null}::uuid is null or exists (
          select 1 from personal_access_tokens
          where id = ${token.personalAccessTokenId ?? null}::uuid and revoked_at is null
            and (expires_at is null or expires_at > ${token.now})
        )) as active
    from principals p left join users u on u.id = p.id
    where p.id = ${principalOfSubject(sql, token.subject)}`;
  return rows.map((row) => ({
    principalId: row.id,
    active: row.active,
    username: row.username,
    isAdmin: row.is_admin,
    groups: row.groups,
    ownScope: row.own_scope ?? undefined,
    clientScope: row.client_scope ?? undefined,
    clientResources: row.client_resources ?? undefined,
    allowedAddresses: row.allowed_addresses ?? [],
    personalAccessTokenScope: row.pat_scope ?? undefined,
    personalAccessTokenResource: row.pat_resource ?? undefined,
    personalAccessTokenExpiresAt: row.pat_expires_at ?? undefined,
  }))[0];
}

export async function deleteOldRevokedAccessTokens(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from revoked_access_tokens where ctid = any(array(
      select ctid from revoked_access_tokens where expires_at < ${before} limit ${limit}))`;
  return count;
}
