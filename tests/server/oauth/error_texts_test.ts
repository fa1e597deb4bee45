/** The texts of all OAuth errors, in a golden file; other tests assert on their codes. */
import { randomUUID } from "node:crypto";
import { generateRefreshToken } from "../../../server/tokens/refresh_token.ts";
import { addClient } from "../../../server/admin/client_operations.ts";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { brand } from "../../../shared/brand.ts";
import { managementResource } from "../../../shared/management.ts";
import {
  DEVICE_CODE_GRANT,
  JWT_BEARER_GRANT,
  TOKEN_EXCHANGE_GRANT,
} from "../../../shared/oauth/grant_types.ts";
import {
  ACCESS_TOKEN_TYPE,
  JWT_TYPE,
  REFRESH_TOKEN_TYPE,
} from "../../../shared/oauth/token_types.ts";
import { databaseKinds } from "../../support/databases.ts";
import { assertGolden } from "../../support/golden.ts";
import { createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const CLIENT = { client_id: brand.cliClientId };
const MANAGEMENT = managementResource(ISSUER);

/** Collects one error after the other, under headings. */
class ErrorTexts {
  #lines: string[] = [];

  constructor(private readonly server: TestServer) {}

  get text(): string {
    // Times and ids differ from run to run.
    return this.#lines.join("\n").trim()
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}@/g, "user@") + "\n";
  }

  heading(text: string): void {
    this.#lines.push("", text);
  }

  add(status: number, error: string, description: string): void {
    this.#lines.push(`  ${status} ${error}: ${description}`);
  }

  /** POSTs a form of the command line's client. */
  async post(path: string, form: Record<string, string>, headers?: HeadersInit): Promise<void> {
    const { status, body } = await this.server.post(path, { ...CLIENT, ...form }, headers);
    this.add(status, body.error, body.error_description);
  }

  async request(path: string, init?: RequestInit): Promise<void> {
    const response = await this.server.request(path, init);
    const body = await response.json();
    this.add(response.status, body.error, body.error_description);
  }

  /** Forward auth returns its errors in a header. */
  async verify(token: string, query?: string, headers?: Record<string, string>): Promise<void> {
    const { status, challenge } = await verify(this.server, token, query, headers);
    const [, error, description] = /error="(.*?)", error_description="(.*?)"/.exec(challenge!)!;
    this.add(status, error, description);
  }
}

Deno.test("each OAuth error says what happened and what to do", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    describeScopes(config);
    config.scopes.push({ name: "launch", description: "Launch it", deviceFlow: ["off"] });
  });
  const texts = new ErrorTexts(server);
  await anyEndpoint(server, texts);
  await deviceAuthorization(server, texts);
  await deviceCode(server, texts);
  await refreshToken(server, texts);
  await tokenExchange(server, texts);
  await revocationAndIntrospection(server, texts);
  await tokens(server, texts);
  await assertGolden("oauth/errors.txt", texts.text);
});

async function anyEndpoint(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("Any endpoint");
  await texts.request("/oauth/unknown");
  await texts.request("/oauth/token");
  await texts.request("/oauth/introspect");
  await texts.request("/healthz", { headers: { host: "a/b" } });
  await texts.request("/oauth/token", { method: "POST", body: "{}" });
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const send = (body: string) =>
    texts.request("/oauth/token", {
      method: "POST",
      headers: { ...type, "content-length": String(body.length) },
      body,
    });
  await send("client_id=a&client_id=b");
  await send("client_id=%00");
  await send("x".repeat(17_000));

  texts.heading("Client authentication");
  const client = await server.addClient();
  const { authorization } = client;
  const basic = (credentials: string) => ({ authorization: `Basic ${btoa(credentials)}` });
  await texts.post("/oauth/revoke", { client_id: "", token: "x" });
  await texts.post("/oauth/revoke", { client_id: "unknown", token: "x" });
  await texts.post("/oauth/revoke", { client_id: client.id, token: "x" });
  await texts.post("/oauth/revoke", { client_id: "", token: "x" }, basic("unknown:secret"));
  await texts.post("/oauth/revoke", { token: "x" }, { authorization });
  await texts.post("/oauth/revoke", { client_secret: "x", token: "x" }, { authorization });
}

async function deviceAuthorization(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("Device authorization");
  const path = "/oauth/device/authorize";
  await texts.post(path, { scope: '"' });
  await texts.post(path, { scope: "openid unknown" });
  await texts.post(path, { resource: "https://other.example" });
  await texts.post(path, { resource: MANAGEMENT });
  await texts.post(path, { resource: MANAGEMENT, scope: "manage:tokens offline_access" });
  await texts.post(path, { scope: "manage:tokens" });
  await texts.post(path, { sid: "x" });
  await texts.post(path, { scope: "openid launch" });
  const client_id = "acme-cli";
  const policy = { id: client_id, name: "Acme CLI", grants: ["device" as const] };
  await addClient(server.parts, policy);
  await texts.post(path, { client_id, scope: "openid launch" });
  await addClient(server.parts, { ...policy, id: "acme-tool", deviceFlow: ["off"] });
  await texts.post(path, { client_id: "acme-tool" });
  await server.parts.sql`
    insert into device_authorizations (id, device_code_hash, user_code, client_id, scope, status,
      interval_seconds, created_at, expires_at, requester_address, requester_network,
      requester_user_agent)
    select gen_random_uuid(), decode(md5(n::text), 'hex'), 'X' || n, ${brand.cliClientId}, 'openid',
      'pending', 5, ${new Date(server.clock.now())}, ${new Date(server.clock.now() + 60_000)},
      '192.0.2.1', '192.0.2.1', ''
    from generate_series(1, 500) n`;
  await texts.post(path, {});
  await server.parts.sql`delete from device_authorizations`;
  server.parts.config.deviceFlow.enabled = false;
  await texts.post(path, {});
  server.parts.config.deviceFlow.enabled = true;
}

async function deviceCode(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("Device code grant");
  const user = await server.addUser();
  const start = async (more: Record<string, string> = {}, scope = FULL_SCOPE) => {
    const started = await server.startLogin(scope, more);
    return { code: started.device_code, userCode: started.user_code };
  };
  const poll = (code: string, more: Record<string, string> = {}) =>
    texts.post("/oauth/token", { grant_type: DEVICE_CODE_GRANT, device_code: code, ...more });
  await texts.post("/oauth/token", { grant_type: DEVICE_CODE_GRANT });
  await poll("unknown");
  const pending = await start();
  await poll(pending.code);
  await poll(pending.code);
  await poll(pending.code);
  const denied = await start();
  await server.decide(denied.userCode, user.id, "denied");
  await poll(denied.code);
  const elsewhere = await start();
  await server.decide(elsewhere.userCode, user.id);
  await poll(elsewhere.code, { resource: MANAGEMENT });
  const forLogin = await start({ sid: randomUUID(), resource: MANAGEMENT }, "manage:tokens");
  await server.decide(forLogin.userCode, user.id);
  await poll(forLogin.code);
  const restricted = await start({}, `${FULL_SCOPE} deploy`);
  await server.decide(restricted.userCode, user.id);
  const deploy = server.parts.config.scopes.find(({ name }) => name === "deploy")!;
  deploy.deviceFlow = ["off"];
  await poll(restricted.code);
  delete deploy.deviceFlow;
  const disabled = await start();
  await server.decide(disabled.userCode, user.id);
  await server.parts.sql`update users set disabled_at = created_at where id = ${user.id}`;
  await poll(disabled.code);
  const expired = await start();
  server.clock.advance({ minutes: 16 });
  await poll(expired.code);
}

async function refreshToken(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("Refresh token grant");
  const refresh = (token: string, more: Record<string, string> = {}) =>
    texts.post("/oauth/token", { grant_type: "refresh_token", refresh_token: token, ...more });
  const user = await server.addUser();
  const login = async () => (await server.login(user.id)).refresh_token!;
  await texts.post("/oauth/token", { grant_type: "refresh_token" });
  await refresh("unknown");
  const first = await login();
  await refresh(first, { scope: "openid operate" });
  await refresh(first, { resource: MANAGEMENT });
  const { body } = await server.refresh(first);
  await server.refresh(body.refresh_token);
  await refresh(first);
  await refresh(first);
  const idle = await login();
  server.clock.advance({ days: 31 });
  await refresh(idle);
  const disabled = await login();
  await server.parts.sql`update users set disabled_at = created_at where id = ${user.id}`;
  await refresh(disabled);
  await server.parts.sql`update users set disabled_at = null where id = ${user.id}`;
}

async function tokenExchange(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("Token exchange and JWT bearer grants");
  const exchange = (form: Record<string, string>) =>
    texts.post("/oauth/token", { grant_type: TOKEN_EXCHANGE_GRANT, ...form });
  const person = await addPerson(server);
  const { token } = await createPat(server, person);
  const pat = { subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE };
  await texts.post("/oauth/token", {});
  await texts.post("/oauth/token", { grant_type: "password" });
  await exchange({});
  await exchange({ subject_token: "x" });
  await exchange({ ...pat, actor_token: "x" });
  await exchange({ ...pat, requested_token_type: "x" });
  await exchange({ ...pat, audience: "https://other.example" });
  await exchange({ ...pat, subject_token: "unknown" });
  const { access_token: login } = await server.login(person.id, "openid");
  await exchange({ ...pat, subject_token: login });
  const { refresh_token } = await server.login(person.id, "openid offline_access manage:tokens");
  const ownLogin = { subject_token: refresh_token!, subject_token_type: REFRESH_TOKEN_TYPE };
  await exchange({ ...ownLogin, subject_token: token });
  await exchange({ ...ownLogin, subject_token: generateRefreshToken() });
  await exchange({ ...ownLogin, scope: "read" });
  await exchange({ ...ownLogin, scope: "offline_access" });
  await exchange({ ...ownLogin, scope: "manage:tokens" });
  await exchange({ ...ownLogin, resource: managementResource(ISSUER) });
  await exchange({ ...ownLogin, requested_lifetime: "1h" });
  await server.post("/oauth/revoke", { client_id: brand.cliClientId, token: refresh_token! });
  await exchange(ownLogin);
  await exchange({ ...pat, scope: "read" });
  // The owner may not have its scope any more.
  const unscoped = await createPat(server, person);
  await server.parts.sql`update personal_access_tokens set scope = '' where id = ${unscoped.id}`;
  await exchange({ ...pat, subject_token: unscoped.token, scope: "read" });
  for (let use = 0; use < 100; use++) {
    await server.post("/oauth/token", { grant_type: TOKEN_EXCHANGE_GRANT, ...pat });
  }
  await exchange(pat);
  await exchange({ subject_token: "unknown", subject_token_type: JWT_TYPE });
  const payload = btoa(JSON.stringify({ iss: "https://issuer.example" }));
  await exchange({ subject_token: `x.${payload}.x`, subject_token_type: JWT_TYPE });
  await texts.post("/oauth/token", { grant_type: JWT_BEARER_GRANT });
}

async function revocationAndIntrospection(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("Revocation");
  const revoke = (form: Record<string, string>, headers?: HeadersInit) =>
    texts.post("/oauth/revoke", form, headers);
  const user = await server.addUser();
  const tokens = await server.login(user.id);
  const started = await server.startLogin();
  const { authorization } = await server.addClient();
  await revoke({});
  await revoke({ token: started.device_code });
  await revoke({ token: tokens.id_token! });
  await revoke({ client_id: "", token: tokens.access_token }, { authorization });
  await revoke({ token: tokens.access_token, revoke_tokens: "true" });

  texts.heading("Introspection");
  await texts.post("/oauth/introspect", { token: "x" });
  await texts.post("/oauth/introspect", { client_id: "" }, { authorization });
}

async function tokens(server: TestServer, texts: ErrorTexts): Promise<void> {
  texts.heading("UserInfo");
  const person = await addPerson(server);
  const pat = await createPat(server, person, { allowed_addresses: ["203.0.113.0/24"] });
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  await texts.request("/oauth/userinfo");
  const { token } = await createPat(server, person);
  await texts.request("/oauth/userinfo", bearer(token));

  texts.heading("Forward auth");
  await texts.verify(token, "?scope=read");
  await texts.verify(token, "?scopes=read");
  await texts.verify(token, "", { "x-auth-required-scope": '"' });
  await texts.verify(token, "?max_age=60");
  await texts.verify(token, "?max_age=soon");

  texts.heading("Any token");
  await texts.verify("unknown");
  await texts.verify(person.management);
  await texts.verify(pat.token);
  await server.post("/oauth/revoke", { ...CLIENT, token });
  await texts.verify(token);
  await server.post("/oauth/revoke", { ...CLIENT, token: person.login });
  await texts.verify(person.login);
  const expiring = await server.login(person.id);
  server.clock.advance({ minutes: 16 });
  await texts.verify(expiring.access_token);
  const disabled = await createPat(server, await addPerson(server));
  const [{ email }] = await server.parts.sql`
    select u.email from users u join personal_access_tokens t on t.user_id = u.id
    where t.id = ${disabled.id}`;
  await setUserDisabled(server.parts, { email, disabled: true });
  await texts.verify(disabled.token);
}
