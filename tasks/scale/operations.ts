/** What clients, users and administrators do, on rows that are added for it. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import type postgres from "postgres";
import { hashPassword } from "../../server/security/password_hash.ts";
import { generateDeviceCode } from "../../server/tokens/device_code.ts";
import { generateRefreshToken, refreshTokenHashes } from "../../server/tokens/refresh_token.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { brand } from "../../shared/brand.ts";
import { managementResource } from "../../shared/management.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { approver } from "../../tests/support/approver.ts";
import { requestsPerSecond } from "../bench/load.ts";
import { inventTokens } from "../bench/token_table.ts";

export interface OperationDeps {
  sql: postgres.Sql;
  issuer: string;
  /** How long wrk sends requests, in seconds. */
  seconds: number;
}

export interface Operation {
  name: string;
  /** Adds what it needs. Returns what is measured, which returns the number of operations. */
  prepare(deps: OperationDeps): Promise<() => Promise<number>>;
}

const CONCURRENCY = 32;
const CLIENT = { id: "scale", secret: "scale-secret" };
const PASSWORD = "a password for the measurement";

/** Runs `task` for each item, some at a time. Returns how many. */
async function forEach<T>(
  items: readonly T[],
  task: (item: T, index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    while (next < items.length) {
      const index = next++;
      await task(items[index], index);
    }
  }));
  return items.length;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** An address of its own for each client, so that limits for a network do not count. */
const address = (index: number) => `198.18.${(index >> 8) & 255}.${index & 255}`;

interface RequestOptions {
  token?: string;
  from?: number;
  json?: unknown;
  form?: Record<string, string>;
  method?: string;
  /** Besides 2xx. */
  accept?: number;
}

async function send(
  { issuer }: OperationDeps,
  path: string,
  { token, from = 0, json, form, method, accept }: RequestOptions,
) {
  const response = await fetch(issuer + path, {
    method: method ?? (json === undefined && form === undefined ? "GET" : "POST"),
    headers: {
      "x-forwarded-for": address(from),
      ...token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...json === undefined ? {} : { "content-type": "application/json" },
    },
    body: json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json),
  });
  const text = await response.text();
  if (!response.ok && response.status !== accept) {
    throw new Error(`${path}: ${response.status} ${text}`);
  }
  return text.startsWith("{") ? JSON.parse(text) : text;
}

/** Ids of users all over the table. */
async function someUsers(sql: postgres.Sql, count: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from users where id > ${randomUUID()} and disabled_at is null
    order by id limit ${count}`;
  const more = count - rows.length;
  const others = more === 0 ? [] : await sql<{ id: string }[]>`
    select id from users where disabled_at is null order by id limit ${more}`;
  const ids = [...rows, ...others].map(({ id }) => id);
  return numbers(count).map((index) => ids[index % ids.length]);
}

/** Personal access tokens of many users. */
export async function addTokens(sql: postgres.Sql, count: number): Promise<string[]> {
  const users = await someUsers(sql, count);
  const tokens = inventTokens(count);
  const rows = tokens.map((token, index) => ({
    user: users[index],
    name: randomUUID(),
    hash: createHash("sha256").update(token).digest("hex"),
    prefix: token.slice(0, 20),
  }));
  await sql`
    insert into personal_access_tokens (id, user_id, name, token_hash, token_prefix, scope, audience,
      created_at, expires_at)
    select gen_random_uuid(), "user", name, decode(hash, 'hex'), prefix, 'openid', '', now(),
      now() + interval '90 days'
    from jsonb_to_recordset(${sql.json(rows)}) as t (
      "user" uuid, name text, hash text, prefix text
    )`;
  return tokens;
}

/** Logins whose refresh tokens are known. */
export async function addLogins(
  { sql }: Pick<OperationDeps, "sql">,
  count: number,
  { scope, resource }: { scope: string; resource?: string },
): Promise<string[]> {
  const users = await someUsers(sql, count);
  const tokens = numbers(count).map(generateRefreshToken);
  const rows = tokens.map((token, index) => {
    const { handleHash, hash } = refreshTokenHashes(token)!;
    const hex = (bytes: Uint8Array) => new Uint8Array(bytes).toHex();
    return { user: users[index], handle: hex(handleHash), current: hex(hash) };
  });
  await sql`
    insert into refresh_token_families (id, handle_hash, current_hash, user_id, client_id, scope,
      authenticated_at, created_at, last_used_at, idle_expires_at, absolute_expires_at, address,
      user_agent, resources, acr, amr)
    select gen_random_uuid(), decode(handle, 'hex'), decode(current, 'hex'), "user",
      ${brand.cliClientId}, ${scope}, now(), now(), now(), now() + interval '30 days',
      now() + interval '365 days', '198.18.0.1', 'yourapp', ${
    resource === undefined ? null : sql.json([resource])
  }, '1fa', '["pwd"]'
    from jsonb_to_recordset(${sql.json(rows)}) as t ("user" uuid, handle text, current text)`;
  return tokens;
}

async function refresh(
  deps: OperationDeps,
  token: string,
  from: number,
): Promise<{ access_token: string; refresh_token: string }> {
  const form = {
    grant_type: "refresh_token",
    client_id: brand.cliClientId,
    refresh_token: token,
  };
  return await send(deps, "/oauth/token", { form, from });
}

async function startDevices(deps: OperationDeps, count: number): Promise<string[]> {
  const codes: string[] = [];
  await forEach(numbers(count), async (index) => {
    const form = { client_id: brand.cliClientId, scope: "openid offline_access" };
    const { device_code } = await send(deps, "/oauth/device/authorize", {
      form,
      from: index + Math.floor(Math.random() * 65_536),
    });
    codes.push(device_code);
  });
  return codes;
}

async function addClient({ sql }: OperationDeps): Promise<void> {
  const secretHash = createHash("sha256").update(CLIENT.secret).digest();
  await sql`
    insert into clients (id, name, secret_hash, grants, created_at)
    values (${CLIENT.id}, ${CLIENT.id}, ${secretHash}, '[]', now())
    on conflict do nothing`;
}

const authenticated = {
  authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`,
  "content-type": "application/x-www-form-urlencoded",
};

async function withWrk(
  deps: OperationDeps,
  load: Parameters<typeof requestsPerSecond>[0],
): Promise<() => Promise<number>> {
  await requestsPerSecond(load, 1);
  return async () => await requestsPerSecond(load, deps.seconds) * deps.seconds;
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: "verify a known token",
    async prepare(deps) {
      const [token] = await addTokens(deps.sql, 1);
      return await withWrk(deps, {
        url: `${deps.issuer}/auth/verify`,
        headers: { authorization: `Bearer ${token}` },
      });
    },
  },
  {
    name: "introspect a known token",
    async prepare(deps) {
      await addClient(deps);
      const [token] = await addTokens(deps.sql, 1);
      return await withWrk(deps, {
        url: `${deps.issuer}/oauth/introspect`,
        method: "POST",
        headers: authenticated,
        body: `token=${token}`,
      });
    },
  },
  {
    name: "verify a token for the first time",
    async prepare(deps) {
      const tokens = await addTokens(deps.sql, 4000);
      return () => forEach(tokens, (token) => send(deps, "/auth/verify", { token }));
    },
  },
  {
    name: "verify an unknown token",
    prepare(deps) {
      const tokens = inventTokens(4000);
      return Promise.resolve(() =>
        forEach(tokens, (token) => send(deps, "/auth/verify", { token, accept: 401 }))
      );
    },
  },
  {
    name: "refresh, the first of the day",
    async prepare(deps) {
      const tokens = await addLogins(deps, 1000, { scope: "openid offline_access" });
      return () => forEach(tokens, (token, index) => refresh(deps, token, index));
    },
  },
  {
    name: "refresh, a later one",
    async prepare(deps) {
      let tokens = await addLogins(deps, 500, { scope: "openid offline_access" });
      const refreshAll = () =>
        forEach(tokens.slice(), async (token, index) => {
          tokens[index] = (await refresh(deps, token, index)).refresh_token;
        });
      tokens = tokens.slice();
      await refreshAll();
      return async () => await refreshAll() + await refreshAll();
    },
  },
  {
    name: "start a device login",
    prepare: (deps) =>
      Promise.resolve(async () => {
        await startDevices(deps, 1000);
        return 1000;
      }),
  },
  {
    name: "poll a device code",
    async prepare(deps) {
      const codes = await startDevices(deps, 1000);
      return () =>
        forEach(codes, (device_code) =>
          send(deps, "/oauth/token", {
            form: { grant_type: DEVICE_CODE_GRANT, client_id: brand.cliClientId, device_code },
            accept: 400,
          }));
    },
  },
  {
    name: "get the tokens of a device login",
    async prepare(deps) {
      const users = await someUsers(deps.sql, 500);
      const codes = numbers(500).map(generateDeviceCode);
      const rows = codes.map((code, index) => ({
        user: users[index],
        hash: new Uint8Array(tokenHash(code)).toHex(),
        code: randomBytes(5).toString("hex"),
      }));
      await deps.sql`
        insert into device_authorizations (id, device_code_hash, user_code, client_id, scope, status,
          interval_seconds, created_at, expires_at, requester_address, requester_network,
          requester_user_agent, user_id, authenticated_at, decided_at, acr, amr, approver_address)
        select gen_random_uuid(), decode(hash, 'hex'), code, ${brand.cliClientId},
          'openid offline_access', 'approved', 5, now(), now() + interval '15 minutes',
          '198.18.0.1', '198.18.0.0/24', 'yourapp', "user", now(), now(), '1fa', '["pwd"]',
          '198.18.0.1'
        from jsonb_to_recordset(${deps.sql.json(rows)}) as t ("user" uuid, hash text, code text)`;
      return () =>
        forEach(codes, (device_code) =>
          send(deps, "/oauth/token", {
            form: { grant_type: DEVICE_CODE_GRANT, client_id: brand.cliClientId, device_code },
          }));
    },
  },
  {
    name: "create a token, REST",
    async prepare(deps) {
      const logins = await addLogins(deps, 100, {
        scope: "offline_access manage:tokens deploy",
        resource: managementResource(deps.issuer),
      });
      const access: string[] = [];
      await forEach(logins, async (token, index) => {
        access[index] = (await refresh(deps, token, index)).access_token;
      });
      return () =>
        forEach(numbers(500), (index) =>
          send(deps, "/api/v1/tokens", {
            token: access[index % access.length],
            json: { name: randomUUID(), scopes: ["deploy"] },
          }));
    },
  },
  {
    name: "log in: password, approval, tokens",
    async prepare(deps) {
      const hash = await hashPassword(PASSWORD);
      const users = await deps.sql<{ email: string }[]>`
        update users set password_hash = ${hash}, disabled_at = null
        where id in (
          select id from users u where not exists (select from totp_authenticators where user_id = u.id)
          order by id limit 20
        ) returning email`;
      return () =>
        forEach(users.slice(), async ({ email }) => {
          const started = await send(deps, "/oauth/device/authorize", {
            form: { client_id: brand.cliClientId, scope: "openid offline_access" },
          });
          await approver(deps.issuer, { email, password: PASSWORD })
            .decide(started.user_code, "approve");
          await send(deps, "/oauth/token", {
            form: {
              grant_type: DEVICE_CODE_GRANT,
              client_id: brand.cliClientId,
              device_code: started.device_code,
            },
          });
        });
    },
  },
];
