/** The server's application in this process, with a clock to set, over a real database. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type App, app, type AppDeps } from "../../server/app.ts";
import { loadConfig } from "../../server/config/load.ts";
import type { ServerConfig } from "../../server/config/server_config.ts";
import { UntrustedForwarders } from "../../server/http/untrusted_forwarders.ts";
import { Rechecks } from "../../server/shared_signals/rechecks.ts";
import { IdentityProviderClients } from "../../server/identity_providers/identity_provider_clients.ts";
import { JwksCache } from "../../server/federation/jwks_cache.ts";
import { openStorage } from "../../server/open_store.ts";
import type { Database, DatabaseLocation } from "../../server/store/db/connect.ts";
import {
  decideDeviceAuthorization,
  enterUserCode,
} from "../../server/store/device_authorizations.ts";
import { CLIENT_GRANTS, findClient, insertClient } from "../../server/store/clients.ts";
import { machineNetwork, type OutboundNetwork } from "../../server/outbound/network.ts";
import { OutboundHttp } from "../../server/outbound/outbound_http.ts";
import { ResourceCatalog } from "../../server/resources/catalog.ts";
import { limitLoginScope } from "../../server/scopes.ts";
import { findUser } from "../../server/store/users.ts";
import { Mail } from "../../server/notifications/mail.ts";
import { createMetrics } from "../../server/telemetry/metrics.ts";
import { TokenValidator } from "../../server/validation/token_validator.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { normalizeUserCode } from "../../server/tokens/user_code.ts";
import { Webhook } from "../../server/notifications/webhook.ts";
import { brand } from "../../shared/brand.ts";
import type { DeviceAuthorizationResponse } from "../../shared/oauth/device_authorization_response.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { managementResource } from "../../shared/management.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import { type ManualClock, manualClock } from "./manual_clock.ts";
import { NO_TERMINAL } from "./no_terminal.ts";

export const ISSUER = "https://auth.example.test";
export const FULL_SCOPE = "openid profile email offline_access";

export interface Answer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any
  body: any;
}

export interface TestServer extends AsyncDisposable {
  parts: AppDeps;
  /** Handles the requests; a test may replace it by one with other parts. */
  app: App;
  database: Database;
  clock: ManualClock;
  /** Takes the server's own requests in place of the network, once it is set. */
  outgoing?: typeof globalThis.fetch;
  /** `peer` is where the request comes from. */
  request(path: string, init?: RequestInit, peer?: string): Promise<Response>;
  /** POSTs a form as the command line's client and reads the JSON answer. */
  post(path: string, form: Record<string, string>, headers?: HeadersInit): Promise<Answer>;
  addUser(email?: string): Promise<{ id: string; email: string }>;
  /** A confidential client and its Authorization header. */
  addClient(): Promise<{ id: string; authorization: string }>;
  startLogin(
    scope?: string,
    more?: Record<string, string>,
  ): Promise<DeviceAuthorizationResponse>;
  /** Enters and decides a user code in a browser session of its own. */
  decide(userCode: string, userId: string, decision?: "approved" | "denied"): Promise<boolean>;
  poll(deviceCode: string): Promise<Answer>;
  refresh(refreshToken: string, more?: Record<string, string>): Promise<Answer>;
  /** A whole login; the tokens are what the device gets. */
  login(userId: string, scope?: string, more?: Record<string, string>): Promise<TokenResponse>;
  /** An approval to manage tokens, as `pat create` asks for one. */
  approveManagement(
    userId: string,
    scope: string,
    more?: Record<string, string>,
  ): Promise<TokenResponse>;
}

/** Builds the application over `location`, which must be empty or created by this. */
export async function testServer(
  location: DatabaseLocation,
  change: (config: ServerConfig) => void = () => {},
  clock: ManualClock = manualClock(),
): Promise<TestServer> {
  const io = {
    stdout: () => true,
    stderr: () => {},
    readStdin: () => Promise.resolve(""),
    ...NO_TERMINAL,
    env: {},
    signal: new AbortController().signal,
    clock,
    platform: { os: "linux", homedir: "/nonexistent" },
  };
  const { config, problems } = await loadConfig({ issuer: ISSUER, ...location }, io);
  assert.deepEqual(problems, []);
  change(config);
  const metrics = createMetrics();
  const storage = await openStorage(config, io, "serve", metrics);
  const { sql } = storage.database;
  const shared = { ...storage, config, issuer: ISSUER, clock, log: () => {}, metrics };
  const catalog = await ResourceCatalog.load({ ...shared, sql });
  const tokenValidator = await TokenValidator.start({
    ...shared,
    catalog,
    outageGrace: config.databaseOutageGrace || undefined,
  });
  const http = new OutboundHttp(outboundNetwork(() => server.outgoing));
  const identityProviders = new IdentityProviderClients({ ...shared, sql, http });
  const rechecks = new Rechecks({ ...shared, sql, identityProviders });
  const jwksCache = new JwksCache(clock, http, config.federation.privateIssuers);
  const { outboundPrivateAddresses } = config;
  const webhook = new Webhook(config.webhook, clock, shared.log, http, outboundPrivateAddresses);
  const mail = new Mail(config.mail, shared.log);
  const parts: AppDeps = {
    ...shared,
    replica: { id: randomUUID(), name: "test" },
    sql,
    catalog,
    jwksCache,
    tokenValidator,
    webhook,
    mail,
    http,
    // That of the passwords in person.ts.
    passwordCost: { log2N: 1, r: 1, p: 1 },
    identityProviders,
    rechecks,
    untrustedForwarders: new UntrustedForwarders(),
  };

  const server: TestServer = {
    parts,
    app: app(parts),
    database: storage.database,
    clock,
    async request(path, init, peer = "192.0.2.1") {
      return await server.app.fetch(new Request(ISSUER + path, init), { peer });
    },
    async post(path, form, headers) {
      const body = new URLSearchParams(form);
      const response = await server.request(path, {
        method: "POST",
        headers: {
          "user-agent": "test/1",
          // As clients send it; without one, the longest body would be reckoned with.
          "content-length": String(body.toString().length),
          ...Object.fromEntries(new Headers(headers)),
        },
        body,
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
    },
    async addUser(email = `${randomUUID()}@example.test`) {
      const id = randomUUID();
      await sql`
        insert into users (id, email, name, created_at)
        values (${id}, ${email}, 'Alice Example', ${new Date(clock.now())})`;
      return { id, email };
    },
    async addClient() {
      const [id, secret] = [`api-${randomUUID()}`, randomUUID()];
      const now = new Date(clock.now());
      await insertClient(sql, {
        id,
        name: "an API",
        secretHash: tokenHash(secret),
        grants: CLIENT_GRANTS,
        now,
      });
      return { id, authorization: `Basic ${btoa(`${id}:${secret}`)}` };
    },
    async startLogin(scope = FULL_SCOPE, more = {}) {
      const form = { client_id: brand.cliClientId, scope, ...more };
      const answer = await server.post("/oauth/device/authorize", form);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body;
    },
    async decide(userCode, userId, decision = "approved") {
      const sessionId = await addSession(parts, userId);
      const now = new Date(clock.now());
      const entry = { userCode: normalizeUserCode(userCode)!, sessionId, now };
      const entered = await enterUserCode(sql, entry);
      if (entered === undefined) return false;
      const { id, clientId } = entered;
      const authenticatedAt = now;
      const user = (await findUser(sql, userId))!;
      return await decideDeviceAuthorization(sql, {
        id,
        sessionId,
        userId,
        decision,
        scope: limitLoginScope(
          catalog.scopes(),
          user,
          (await findClient(sql, clientId))!,
          entered.scope,
        ),
        authenticatedAt,
        approverAddress: "192.0.2.1",
        now,
      });
    },
    poll: (deviceCode) =>
      server.post("/oauth/token", {
        grant_type: DEVICE_CODE_GRANT,
        client_id: brand.cliClientId,
        device_code: deviceCode,
      }),
    refresh: (refreshToken, more = {}) =>
      server.post("/oauth/token", {
        grant_type: "refresh_token",
        client_id: brand.cliClientId,
        refresh_token: refreshToken,
        ...more,
      }),
    async login(userId, scope, more) {
      const started = await server.startLogin(scope, more);
      assert.equal(await server.decide(started.user_code, userId), true);
      const answer = await server.poll(started.device_code);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body;
    },
    async approveManagement(userId, scope, more = {}) {
      const resource = managementResource(ISSUER);
      const started = await server.startLogin(scope, { resource, ...more });
      assert.equal(await server.decide(started.user_code, userId), true);
      const answer = await server.poll(started.device_code);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body;
    },
    async [Symbol.asyncDispose]() {
      await tokenValidator.close();
      await rechecks.close();
      await webhook.close();
      await mail.close();
      await storage.database.close();
    },
  };
  return server;
}

/**
 * The network of this machine or, where a test gives one, a `fetch` for which every name has a public
 * address.
 */
export function outboundNetwork(
  replacement: () => typeof globalThis.fetch | undefined,
): OutboundNetwork {
  const machine = machineNetwork({});
  return {
    env: {},
    resolve: (name) => replacement() ? Promise.resolve(["93.184.215.14"]) : machine.resolve(name),
    async send(url, request, route, limits) {
      const fetch = replacement();
      if (fetch === undefined) return await machine.send(url, request, route, limits);
      const { method, accept, body } = request;
      const headers = { ...request.headers, accept };
      const { signal } = limits;
      const response = await fetch(url, { method, headers, body, signal, redirect: "manual" });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, body: bytes };
    },
  };
}

/** A signed-in browser session, as its row; returns its id. */
export async function addSession({ sql, clock }: AppDeps, userId: string): Promise<string> {
  const id = randomUUID();
  const now = new Date(clock.now());
  const expiresAt = new Date(clock.now() + 3_600_000);
  await sql`
    insert into sessions (id, token_hash, user_id, created_at, authenticated_at, last_seen_at,
      expires_at, address, user_agent)
    values (${id}, ${tokenHash(id)}, ${userId}, ${now}, ${now}, ${now}, ${expiresAt}, '', '')`;
  return id;
}
