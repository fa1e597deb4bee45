// deno-lint-ignore-file no-console -- a task reports to its user
/** How long pages of administrators take on large tables, one request after the other. */
import { randomBytes } from "node:crypto";
import type postgres from "postgres";
import { cookieName } from "../../server/pages/http/session_cookie.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { median } from "../bench/statistics.ts";

const ROUNDS = 5;
/** One round is enough. */
const SLOW_MS = 3000;

interface Subjects {
  /** Ids of a user and of a token. */
  user: string;
  token: string;
  prefix: string;
  email: string;
  address: string;
}

/** Pages by what is looked at. */
const PAGES: Readonly<Record<string, (subjects: Subjects) => string>> = {
  "overview": () => "/",
  "users": () => "/admin/people",
  "users, page 100": () => "/admin/people?page=100",
  "users, newest first": () => "/admin/people?sort=-created",
  "users by last sign-in": () => "/admin/people?sort=-last_sign_in",
  "users by address": ({ email }) => `/admin/people?search=${encodeURIComponent(email)}`,
  "users by a part of the name": () => "/admin/people?search=ser+4242",
  "users, no match": () => "/admin/people?search=nobody-has-this",
  "users, administrators": () => "/admin/people?role=administrator",
  "users, disabled": () => "/admin/people?state=disabled",
  "users, invited": () => "/admin/people?state=invited",
  "one user": ({ user }) => `/admin/people/${user}`,
  "tokens": () => "/admin/tokens",
  "tokens by name, sorted": () => "/admin/tokens?sort=name",
  "tokens by name": () => "/admin/tokens?search=token+4242",
  "tokens, no match": () => "/admin/tokens?search=nothing-has-this",
  "tokens by prefix": ({ prefix }) => `/admin/tokens?search=${prefix}`,
  "tokens of an owner": ({ user }) => `/admin/tokens?owner=${user}`,
  "tokens that expire soon": () => "/admin/tokens?show=expiring",
  "tokens that are not active": () => "/admin/tokens?show=inactive",
  "one token": ({ token }) => `/tokens/${token}`,
  "owners": () => "/admin/owners",
  "groups": () => "/admin/groups",
  "clients": () => "/admin/clients",
  "audit log": () => "/admin/audit",
  "audit log by actor": ({ user }) => `/admin/audit?actor=${user}`,
  "audit log by address of a user": ({ email }) =>
    `/admin/audit?actor=${encodeURIComponent(email)}`,
  "audit log by event": () => "/admin/audit?event=device.approved",
  "audit log, an event that is rare": () => "/admin/audit?event=user.deleted",
  "audit log by address": ({ address }) => `/admin/audit?address=${address}`,
  "audit log, refused": () => "/admin/audit?result=refused",
  "audit log, a year ago": () => "/admin/audit?until=2026-01-15",
  "health": () => "/admin/health",
};

export interface PageTime {
  name: string;
  ms: number;
  bytes: number;
}

/** A session of the first administrator. Returns its cookie. */
export async function signInAdministrator(sql: postgres.Sql, issuer: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await sql`
    insert into sessions (id, token_hash, user_id, created_at, authenticated_at, last_seen_at,
      expires_at, address, user_agent, acr, amr)
    select gen_random_uuid(), ${
    tokenHash(token)
  }, id, now(), now(), now(), now() + interval '8 hours',
      '127.0.0.1', 'Firefox', '1fa', '["pwd"]'
    from users where is_admin and disabled_at is null order by id limit 1`;
  return `${cookieName(issuer, "browser").name}=${token}`;
}

export async function findSubjects(sql: postgres.Sql): Promise<Subjects> {
  const [user] = await sql<{ id: string; email: string }[]>`
    select id, email from users where email_key = 'user300@example.com'`;
  const [token] = await sql<{ id: string; prefix: string }[]>`
    select id, token_prefix as prefix from personal_access_tokens where user_id = ${user.id} order by created_at limit 1`;
  return {
    user: user.id,
    email: user.email,
    token: token.id,
    prefix: token.prefix,
    address: "192.0.2.7",
  };
}

export async function measurePages(
  sql: postgres.Sql,
  issuer: string,
  /** Only pages with this in their name. */
  filter: string,
): Promise<PageTime[]> {
  const cookie = await signInAdministrator(sql, issuer);
  const subjects = await findSubjects(sql);
  const times: PageTime[] = [];
  for (const [name, path] of Object.entries(PAGES)) {
    if (!name.includes(filter)) continue;
    const rounds: number[] = [];
    let bytes = 0;
    // The first is for caches and compilers.
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      const response = await fetch(issuer + path(subjects), {
        headers: { cookie },
        redirect: "manual",
      });
      bytes = (await response.text()).length;
      if (round > 0 || performance.now() - start > SLOW_MS) rounds.push(performance.now() - start);
      if (response.status !== 200) console.log(`  ${path(subjects)}: ${response.status}`);
      if (rounds[0] > SLOW_MS) break;
    }
    times.push({ name, ms: median(rounds), bytes });
  }
  return times;
}
