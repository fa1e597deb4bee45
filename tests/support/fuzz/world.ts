/**
 * What there is on a server that is fuzzed: users, their credentials and what they own, so that
 * requests get past the authentication. Requests destroy parts of it, so it is created again.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { addClient } from "../../../server/admin/client_operations.ts";
import { addDirectory } from "../../../server/admin/directory_operations.ts";
import { addGroup } from "../../../server/admin/group_operations.ts";
import { addGroupMember } from "../../../server/admin/group_member_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { createPasswordLink } from "../../../server/passwords/password_link.ts";
import { CSRF_FIELD } from "../../../server/pages/http/csrf.ts";
import { clientSecretPlace, seal } from "../../../server/identity_providers/sealed_text.ts";
import { insertIdentityProvider } from "../../../server/store/identity_providers.ts";
import { saveProviderSignals } from "../../../server/store/provider_signals.ts";
import { generateDirectoryToken } from "../../../server/tokens/directory_token.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { brand } from "../../../shared/brand.ts";
import { decide, LOOPBACK, VERIFIER } from "../authorization.ts";
import { addDirectory as addScimDirectory } from "../directory.ts";
import { narrowToken } from "../narrow_token.ts";
import { call, createPat } from "../pats.ts";
import { addUserWithPassword, managementToken, PASSWORD, signedIn } from "../person.ts";
import { type Visitor, visitor } from "../page_visitor.ts";
import { addPasskey, optionsOf, softwareAuthenticator } from "../software_authenticator.ts";
import { ISSUER, type TestServer } from "../test_server.ts";
import { addTrustRequest } from "../trust_requests.ts";
import { FUZZ_ISSUER } from "./fuzz_issuer.ts";

export interface World {
  /** The value of a placeholder; some are created each time, since they work once. */
  resolve(name: string): string | Promise<string>;
  /** Values that stay the same, by their names. */
  values: Readonly<Record<string, string>>;
  browsers: Readonly<Record<BrowserName, Visitor>>;
  /** Whether the credentials still work. */
  isUsable(): Promise<boolean>;
}

/** Whose browser; `guest` has no account. */
export type BrowserName = "admin" | "user" | "guest";

export async function createWorld(server: TestServer, number: number): Promise<World> {
  const { parts, clock } = server;
  const { sql } = parts;
  const now = new Date(clock.now());
  const email = (name: string) => `${name}-${number}@example.com`;
  const admin = await addUserWithPassword(server, email("admin"), "Admin");
  await sql`update users set is_admin = true where id = ${admin.id}`;
  const user = await addUserWithPassword(server, email("user"), "User");
  const victim = await addUserWithPassword(server, email("victim"), "Victim");
  const operator = { ...parts, actor: admin.id };
  const names = {
    group: `group-${number}`,
    resource: `resource-${number}`,
    directory: `directory-${number}`,
    provider: `provider-${number}`,
    rule: `rule-${number}`,
    service: `service-${number}`,
    client_id: `client-${number}`,
    web_client: `web-${number}`,
  };

  const login = await server.login(user.id, "openid profile email offline_access deploy");
  const victimLogin = await server.login(victim.id);
  const adminManagement = await managementToken(server, { id: admin.id, admin: true });
  const userManagement = await managementToken(server, { id: user.id });
  const pat = await createPat(server, { management: userManagement }, { name: `pat ${number}` });
  const narrow = await narrowToken(server, login.refresh_token!, { requested_lifetime: "3600" });
  const [narrowRow] = await sql`select id from delegated_tokens order by created_at desc limit 1`;

  accepted(await addServiceAccount(operator, { name: names.service, scope: "deploy" }));
  accepted(
    await addTrustRule(operator, {
      name: names.rule,
      provider: "generic",
      issuer: FUZZ_ISSUER,
      conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
      scope: "deploy",
      lifetimeSeconds: 600,
      serviceAccount: names.service,
      force: false,
    }),
  );
  const secret = `secret-${crypto.randomUUID()}`;
  accepted(
    await addClient(operator, {
      id: names.client_id,
      name: "An API",
      secretHash: base64(tokenHash(secret)),
      grants: ["device", "exchange"],
    }),
  );
  accepted(
    await addClient(operator, {
      id: names.web_client,
      name: "Web",
      grants: ["code"],
      redirectUris: [LOOPBACK],
    }),
  );
  accepted(
    await addResource(operator, {
      name: names.resource,
      identifier: `https://${names.resource}.example.test`,
      scopes: [{ name: `orders-${number}`, description: "Read orders" }],
      claims: [],
    }),
  );
  accepted(await addGroup(operator, { name: names.group }));
  accepted(await addGroupMember(operator, { name: names.group, user: user.id }));
  const directory = generateDirectoryToken();
  accepted(
    await addDirectory(operator, {
      name: names.directory,
      domains: [],
      tokenHash: base64(tokenHash(directory.token)),
      tokenPrefix: directory.prefix,
    }),
  );
  const scim = await addScimDirectory(server, `scim-${number}`);
  const scimUser = await scim.addUser(email("scim"));
  const scimGroup = await scim.send("POST", "/Groups", {
    displayName: `scim-group-${number}`,
    members: [{ value: scimUser }],
  });
  await insertIdentityProvider(sql, {
    name: names.provider,
    template: "generic",
    title: "Provider",
    issuer: `${FUZZ_ISSUER}${number === 0 ? "" : `/${number}`}`,
    clientId: "client",
    domains: [],
    required: false,
    trustsAddresses: false,
    firstSignIn: "queue",
    scopes: [],
    recheck: false,
    createdAt: now,
    clientSecret: seal(parts, "client secret", clientSecretPlace(names.provider)),
  });
  const eventsToken = `events-${crypto.randomUUID()}`;
  await sql.begin((tx) =>
    saveProviderSignals(tx, {
      provider: names.provider,
      logoutRevokesLogins: true,
      disablesUsers: true,
      eventsTokenHash: createHash("sha256").update(eventsToken).digest(),
      eventsIssuer: FUZZ_ISSUER,
      now,
    })
  );
  const identity = crypto.randomUUID();
  await sql`
    insert into identities (id, provider, issuer, subject, user_id, email, created_at)
    values (${identity}, ${names.provider}, ${FUZZ_ISSUER}, ${`subject-${number}`}, ${victim.id},
      ${victim.email}, ${now})`;
  await addTrustRequest(sql, {
    issuer: FUZZ_ISSUER,
    audience: ISSUER,
    ref: `refs/heads/${number}`,
    now,
  });
  const [workload] = await sql`select id from trust_requests order by first_seen_at desc limit 1`;
  const passkey = await addPasskey(server, victim);
  const link = await sql.begin((tx) =>
    createPasswordLink(tx, parts, { userId: victim.id, lifetimeSeconds: 3600, mailed: false })
  );
  const ids = async (table: "refresh_token_families" | "sessions", owner: string) =>
    (await sql`
      select id from ${sql(table)} where user_id = ${owner} order by created_at desc limit 1`)[0]
      .id as string;

  const browsers = {
    admin: await signedIn(server, admin.email),
    user: await signedIn(server, user.email),
    guest: visitor(server),
  };
  const authenticator = softwareAuthenticator();
  const guestPage = await browsers.guest.get("/signin");
  const registration = await browsers.user.get("/account/passkeys/add");
  const values: Record<string, string> = {
    ...names,
    number: String(number),
    password: PASSWORD,
    admin_id: admin.id,
    admin_email: admin.email,
    user_id: user.id,
    user_email: user.email,
    victim_id: victim.id,
    victim_email: victim.email,
    admin_management: adminManagement,
    user_management: userManagement,
    user_access: login.access_token,
    user_id_token: login.id_token!,
    user_refresh: login.refresh_token!,
    victim_access: victimLogin.access_token,
    narrow,
    narrow_id: narrowRow.id,
    pat: pat.token,
    pat_id: pat.id,
    login_id: await ids("refresh_token_families", user.id),
    session_id: await ids("sessions", user.id),
    victim_login: await ids("refresh_token_families", victim.id),
    victim_session: await ids("sessions", victim.id),
    client_basic: btoa(`${names.client_id}:${secret}`),
    client_secret: secret,
    public_client: brand.cliClientId,
    directory_token: scim.token,
    scim_user: scimUser,
    scim_group: scimGroup.body.id,
    events_token: eventsToken,
    workload: workload.id,
    identity,
    passkey,
    link_token: new URL(link!.url).searchParams.get("token")!,
    redirect_uri: LOOPBACK,
    verifier: VERIFIER,
    identifier: `https://${names.resource}.example.test`,
    passkey_created: authenticator.create(optionsOf(registration, "create")),
    passkey_used: authenticator.get(optionsOf(guestPage, "get")),
    ...Object.fromEntries(
      Object.entries(browsers).flatMap(([name, browser]) => [
        [`${name}_cookie`, cookieOf(browser)],
        [`${name}_csrf`, browser.hidden.get(CSRF_FIELD) ?? ""],
      ]),
    ),
  };
  for (const name of ["admin", "user"] as const) {
    await browsers[name].get("/tokens/new");
    values[`${name}_csrf`] = browsers[name].hidden.get(CSRF_FIELD)!;
    values[`${name}_cookie`] = cookieOf(browsers[name]);
  }

  let count = 0;
  const createValue: Record<string, () => string | Promise<string>> = {
    uuid: () => crypto.randomUUID(),
    unique: () => `x${number}-${++count}`,
    now: () => String(Math.floor(clock.now() / 1000)),
    soon: () => String(Math.floor(clock.now() / 1000) + 300),
    fresh_refresh: async () => (await server.login(user.id)).refresh_token!,
    fresh_access: async () => (await server.login(victim.id)).access_token,
    device_code: async () => (await server.startLogin()).device_code,
    user_code: async () => (await server.startLogin()).user_code,
    async approved_device_code() {
      const started = await server.startLogin();
      await server.decide(started.user_code, user.id);
      return started.device_code;
    },
    async code() {
      // In a browser of its own: its pages would replace the form that is fuzzed.
      const browser = { ...browsers.user, cookies: new Map(browsers.user.cookies) };
      return (await decide(browser)).get("code") ?? "";
    },
  };
  return {
    values,
    browsers,
    resolve: (name) => values[name] ?? createValue[name]?.() ?? "",
    async isUsable() {
      const pages = await Promise.all([
        browsers.admin.get("/admin/people"),
        browsers.user.get("/tokens/new"),
      ]);
      const calls = await Promise.all([
        call(server, adminManagement, "GET", "/api/v1/users"),
        call(server, userManagement, "GET", "/api/v1/tokens"),
      ]);
      const lists = await scim.send("GET", "/Users?count=1");
      return [...pages, ...calls, lists].every(({ status }) => status === 200);
    },
  };
}

function cookieOf({ cookies }: Visitor): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function accepted(result: unknown): void {
  if (result instanceof DomainError) throw result;
}
