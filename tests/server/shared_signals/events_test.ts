/** Shared Signals: security event tokens (RFC 8417) by push (RFC 8935), with CAEP and RISC. */
import assert from "node:assert/strict";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { clearAuditLog } from "../../support/audit_log.ts";
import { admitAccount } from "../../../server/identity_providers/admit_account.ts";
import { UpstreamFailure } from "../../../server/identity_providers/failure.ts";
import { findIdentityProvider } from "../../../server/store/identity_providers.ts";
import { setAccountActive } from "../../../server/scim/users/account.ts";
import type { Directory } from "../../../server/store/directories/directories.ts";
import { findUser } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import {
  addLinkedUser,
  addProvider,
  CLIENT_ID,
  EVENTS_TOKEN,
  type LinkedUser,
  PROVIDER,
  reachLoopback,
} from "../../support/linked_user.ts";
import { type OidcIssuer, type SignOptions, startIssuer } from "../../support/oidc_issuer.ts";
import { createPat, describeScopes, verify } from "../../support/pats.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";

const PATH = `/signin/upstream/${PROVIDER}/events`;
const CAEP = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/";
const SSF = "https://schemas.openid.net/secevent/ssf/event-type/";

type Claims = Record<string, unknown>;

function configure(config: ServerConfig): void {
  reachLoopback(config);
  describeScopes(config);
}

function eventToken(
  issuer: OidcIssuer,
  claims: Claims,
  options: SignOptions = {},
): Promise<string> {
  const all = { aud: CLIENT_ID, nbf: undefined, exp: undefined, ...claims };
  return issuer.sign(all, { typ: "secevent+jwt", ...options });
}

async function push(
  server: TestServer,
  token: string,
  headers: Record<string, string> = {},
) {
  const response = await server.request(PATH, {
    method: "POST",
    headers: {
      authorization: `Bearer ${EVENTS_TOKEN}`,
      "content-type": "application/secevent+jwt",
      "content-length": String(token.length),
      ...headers,
    },
    body: token,
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    error: text === "" ? undefined : JSON.parse(text).err as string,
  };
}

/** Pushes one event, which must be accepted. */
async function report(server: TestServer, issuer: OidcIssuer, type: string, claims: Claims) {
  server.clock.advance({ seconds: 1 });
  const { payload = {}, ...more } = claims;
  const token = await eventToken(issuer, { events: { [type]: payload }, ...more });
  const answer = await push(server, token);
  assert.deepEqual([answer.status, answer.error], [202, undefined], type);
}

function issSub(issuer: OidcIssuer, { subject }: LinkedUser): Claims {
  return { format: "iss_sub", iss: issuer.url, sub: subject };
}

async function lastEvent({ parts: { sql } }: TestServer) {
  const rows = await sql`
    select event, actor, subject, details from audit_log
    where event like 'upstream.%' order by occurred_at desc, id limit 1`;
  return rows[0];
}

async function isDisabled(server: TestServer, { id }: LinkedUser): Promise<boolean> {
  return (await findUser(server.parts.sql, id))?.disabledAt !== undefined;
}

testOnEachDatabase(
  "disables the user of an account that was disabled, and enables it again",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    const bob = await addLinkedUser(server, issuer, "bob@example.com");
    const management = await server.approveManagement(alice.id, "manage:tokens deploy");
    const pat = await createPat(server, { management: management.access_token });
    assert.equal((await verify(server, pat.token)).status, 200);
    const answers = (status: number) => async () =>
      (await verify(server, pat.token)).status === status;

    await report(server, issuer, `${RISC}account-disabled`, {
      sub_id: issSub(issuer, alice),
      payload: { reason: "hijacking" },
    });
    assert.equal(await isDisabled(server, alice), true);
    await eventually("the token is rejected", answers(401));
    assert.equal((await server.refresh(alice.refreshToken)).status, 400);
    assert.equal(await alice.isSignedIn(), false);
    assert.equal(await isDisabled(server, bob), false);
    const [{ actor, details }] = await server.parts.sql`
    select actor, details from audit_log where event = 'user.disabled'`;
    assert.deepEqual([actor, details], [PROVIDER, { provider: PROVIDER }]);
    const received = await server.parts.sql`
    select details from audit_log where event = 'upstream.event_received'`;
    assert.equal(received[0].details.reason, "hijacking");

    await report(server, issuer, `${RISC}account-enabled`, { sub_id: issSub(issuer, alice) });
    assert.equal(await isDisabled(server, alice), false);
    await eventually("the token is accepted again", answers(200));
  },
);

testOnEachDatabase("does not enable a user whom an operator disabled", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer);
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  await setUserDisabled(server.parts, { email: alice.email, disabled: true });
  for (const event of ["account-disabled", "account-enabled"]) {
    await report(server, issuer, RISC + event, { sub_id: issSub(issuer, alice) });
    assert.equal(await isDisabled(server, alice), true, event);
  }
  assert.equal((await lastEvent(server)).details.reason, "not_disabled_by_provider");
  // Nor one whom the provider disabled first, and a directory then too.
  await setUserDisabled(server.parts, { email: alice.email, disabled: false });
  await report(server, issuer, `${RISC}account-disabled`, { sub_id: issSub(issuer, alice) });
  const directory = { name: "entra" } as Directory;
  await server.parts.sql.begin((tx) =>
    setAccountActive(tx, server.parts, { directory, address: "192.0.2.1" }, {
      userId: alice.id,
      active: false,
    })
  );
  await report(server, issuer, `${RISC}account-enabled`, { sub_id: issSub(issuer, alice) });
  assert.equal(await isDisabled(server, alice), true);
  // Nor one whom the provider disabled first, and the operator then too.
  await setUserDisabled(server.parts, { email: alice.email, disabled: false });
  await report(server, issuer, `${RISC}account-disabled`, { sub_id: issSub(issuer, alice) });
  await setUserDisabled(server.parts, { email: alice.email, disabled: true });
  await report(server, issuer, `${RISC}account-enabled`, { sub_id: issSub(issuer, alice) });
  assert.equal(await isDisabled(server, alice), true);
});

testOnEachDatabase("signs out the last administrator, but keeps the account", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer);
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  await server.parts.sql`update users set is_admin = true where id = ${alice.id}`;
  await report(server, issuer, `${RISC}account-disabled`, { sub_id: issSub(issuer, alice) });
  assert.equal(await isDisabled(server, alice), false);
  assert.equal(await alice.isSignedIn(), false);
  assert.equal((await server.refresh(alice.refreshToken)).status, 400);
  assert.equal((await lastEvent(server)).details.kept, "last_administrator");
});

testOnEachDatabase("only signs out if the provider may not disable users", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer, { disablesUsers: false });
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  await report(server, issuer, `${RISC}account-disabled`, { sub_id: issSub(issuer, alice) });
  assert.equal(await isDisabled(server, alice), false);
  assert.equal((await server.refresh(alice.refreshToken)).status, 400);
});

testOnEachDatabase(
  "signs out for revoked sessions and for compromised credentials",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    const [alice, bob, carol] = [
      await addLinkedUser(server, issuer, "alice@example.com"),
      await addLinkedUser(server, issuer, "bob@example.com"),
      await addLinkedUser(server, issuer, "carol@example.com"),
    ];
    await report(server, issuer, `${CAEP}session-revoked`, { sub_id: issSub(issuer, alice) });
    assert.equal(await alice.isSignedIn(), false);
    assert.equal((await server.refresh(alice.refreshToken)).status, 200, "the login stays");
    const session = { format: "opaque", id: bob.sid };
    await report(server, issuer, `${CAEP}session-revoked`, {
      sub_id: { format: "complex", session, user: issSub(issuer, bob) },
    });
    assert.equal(await bob.isSignedIn(), false);
    await report(server, issuer, `${RISC}account-credential-change-required`, {
      sub_id: issSub(issuer, carol),
    });
    assert.equal(await carol.isSignedIn(), false);
    assert.equal((await server.refresh(carol.refreshToken)).status, 400);
  },
);

testOnEachDatabase("finds the user by each format of subject identifiers", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer, { domains: ["example.com"] });
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  const moved = await addLinkedUser(server, issuer, "moved@example.com");
  await server.parts.sql`
    update identities set email = 'earlier@example.org' where user_id = ${moved.id}`;
  const own = issSub(issuer, alice);
  const formats: [name: string, claims: Claims, known: LinkedUser | undefined][] = [
    ["iss_sub", { sub_id: own }, alice],
    ["opaque", { sub_id: { format: "opaque", id: alice.subject } }, alice],
    ["email", { sub_id: { format: "email", email: "ALICE@example.com" } }, alice],
    ["the address here", { sub_id: { format: "email", email: "moved@example.com" } }, moved],
    ["aliases", { sub_id: { format: "aliases", identifiers: [{ format: "x" }, own] } }, alice],
    ["subject of the event", {
      payload: { subject: { subject_type: "iss-sub", iss: issuer.url, sub: alice.subject } },
    }, alice],
    ["another issuer", { sub_id: { ...own, iss: "https://other.example" } }, undefined],
    ["another subject", { sub_id: { ...own, sub: "other" } }, undefined],
    ["unknown address", { sub_id: { format: "email", email: "x@example.com" } }, undefined],
    ["two users", {
      sub_id: { format: "aliases", identifiers: [own, issSub(issuer, moved)] },
    }, undefined],
    ["an unknown format", { sub_id: { format: "did", url: "did:example:1" } }, undefined],
    ["no subject", {}, undefined],
    ["a subject that is not an object", { sub_id: "alice" }, undefined],
  ];
  for (const [name, claims, known] of formats) {
    await clearAuditLog(server.parts.sql);
    await report(server, issuer, `${CAEP}session-revoked`, claims);
    const event = await lastEvent(server);
    assert.equal(event.event, known ? "upstream.event_received" : "upstream.event_ignored", name);
    assert.equal(event.subject ?? undefined, known?.id, name);
  }
});

testOnEachDatabase(
  "believes an address only if the operator trusts the provider for it",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer, { domains: ["example.org"] });
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    await server.parts.sql`update identities set email = null where user_id = ${alice.id}`;
    const sub_id = { format: "email", email: alice.email };
    await report(server, issuer, `${RISC}account-disabled`, { sub_id });
    assert.equal(await isDisabled(server, alice), false);
  },
);

testOnEachDatabase("rejects security event tokens with the error of RFC 8935", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startIssuer({ clock: server.clock });
  await using attacker = await startIssuer({ clock: server.clock });
  await addProvider(server, issuer);
  const alice = await addLinkedUser(server, issuer, "alice@example.com");
  const now = Math.floor(server.clock.now() / 1000);
  const claims = {
    sub_id: issSub(issuer, alice),
    events: { [`${RISC}account-disabled`]: {} },
  };
  const set = (more: Claims, options?: SignOptions) =>
    eventToken(issuer, { ...claims, ...more }, options);
  const rejected: [name: string, error: string, token: string | Promise<string>][] = [
    ["another issuer", "invalid_issuer", eventToken(attacker, claims)],
    ["keys of another issuer", "invalid_key", eventToken(attacker, { ...claims, iss: issuer.url })],
    ["an unknown key", "invalid_key", set({}, { kid: "other" })],
    ["alg none", "invalid_key", set({}, { algorithm: "none" })],
    ["alg HS256", "invalid_key", set({}, { algorithm: "HS256" })],
    ["another audience", "invalid_audience", set({ aud: "another client" })],
    ["no audience", "invalid_audience", set({ aud: undefined })],
    ["another type", "invalid_request", set({}, { typ: "JWT" })],
    ["no type", "invalid_request", set({}, { typ: null })],
    ["no jti", "invalid_request", set({ jti: undefined })],
    ["no iat", "invalid_request", set({ iat: undefined })],
    ["issued in the future", "invalid_request", set({ iat: now + 61 })],
    ["issued long ago", "invalid_request", set({ iat: now - 8 * 86_400 })],
    ["expired", "invalid_request", set({ exp: now - 61 })],
    ["no events", "invalid_request", set({ events: undefined })],
    ["empty events", "invalid_request", set({ events: {} })],
    ["an event that is not an object", "invalid_request", set({ events: { x: true } })],
    [
      "many events",
      "invalid_request",
      set({
        events: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x:${index}`, {}])),
      }),
    ],
    ["not a token", "invalid_request", "not a token"],
    ["nothing", "invalid_request", ""],
    ["1 MB", "invalid_request", "x".repeat(1024 * 1024)],
  ];
  for (const [name, error, token] of rejected) {
    const answer = await push(server, await token);
    assert.deepEqual([answer.status, answer.error], [400, error], name);
    assert.equal(answer.headers.get("content-type")?.split(";")[0], "application/json", name);
    assert.equal(answer.headers.get("content-language"), "en", name);
  }
  const form = await push(server, await set({}), { "content-type": "application/jwt" });
  assert.equal(form.error, "invalid_request");
  for (const authorization of ["", "Bearer other", "Basic eDp5"]) {
    const answer = await push(server, await set({}), { authorization });
    assert.deepEqual([answer.status, answer.error], [400, "authentication_failed"]);
  }
  await server.parts.sql`update identity_providers set disabled_at = now()`;
  assert.equal((await push(server, await set({}))).error, "access_denied");
  assert.equal(await isDisabled(server, alice), false);
});

testOnEachDatabase(
  "accepts a security event token again, but applies it once",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    const token = await eventToken(issuer, {
      sub_id: issSub(issuer, alice),
      events: { [`${RISC}account-disabled`]: {} },
    });
    const answers = await Promise.all(Array.from({ length: 4 }, () => push(server, token)));
    assert.deepEqual(answers.map(({ status }) => status), [202, 202, 202, 202]);
    await setUserDisabled(server.parts, { email: alice.email, disabled: false });
    server.clock.advance({ seconds: 6 * 86_400 });
    assert.equal((await push(server, token)).status, 202);
    assert.equal(await isDisabled(server, alice), false, "a replay does nothing");
  },
);

testOnEachDatabase(
  "acknowledges verification events and events that it does not know",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    await report(server, issuer, `${SSF}verification`, {
      sub_id: { format: "opaque", id: "stream" },
      payload: { state: "abc" },
    });
    const verified = await lastEvent(server);
    assert.deepEqual([verified.event, verified.details], ["upstream.events_verified", {
      state: "abc",
    }]);
    server.clock.advance({ seconds: 1 });
    await report(server, issuer, "https://example.com/new", {});
    assert.equal((await lastEvent(server)).event, "upstream.event_ignored");
  },
);

testOnEachDatabase(
  "takes the issuer and the audience of events that the operator set",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await using transmitter = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    await server.parts.sql`
    update provider_signals set events_issuer = ${transmitter.url}, events_audience = 'https://aud'`;
    // A transmitter has no discovery document of OpenID Connect.
    transmitter.answer(
      "/.well-known/openid-configuration",
      () => new Response(null, { status: 404 }),
    );
    transmitter.answer(
      "/.well-known/ssf-configuration",
      () => Response.json({ issuer: transmitter.url, jwks_uri: `${transmitter.url}/jwks` }),
    );
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    const claims = {
      sub_id: { format: "iss_sub", iss: transmitter.url, sub: alice.subject },
      events: { [`${RISC}account-disabled`]: {} },
    };
    const earlier = await push(server, await eventToken(transmitter, claims));
    assert.equal(earlier.error, "invalid_audience");
    const own = await push(server, await eventToken(issuer, { ...claims, aud: "https://aud" }));
    assert.equal(own.error, "invalid_issuer");
    const answer = await push(
      server,
      await eventToken(transmitter, { ...claims, aud: "https://aud" }),
    );
    assert.equal(answer.status, 202);
    assert.equal(await isDisabled(server, alice), true);
  },
);

testOnEachDatabase(
  "enables a user again who signs in at the provider that disabled them",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startIssuer({ clock: server.clock });
    await addProvider(server, issuer);
    const alice = await addLinkedUser(server, issuer, "alice@example.com");
    const { sql } = server.parts;
    const signIn = async () => {
      const provider = (await findIdentityProvider(sql, PROVIDER))!;
      const { subject, email } = alice;
      const account = {
        issuer: issuer.url,
        subject,
        email,
        emailVerified: true,
        amr: [],
        claims: {},
      };
      const admitted = await admitAccount(server.parts, provider, account, {
        address: "192.0.2.1",
      });
      return admitted instanceof UpstreamFailure ? admitted.code : "admitted";
    };
    await report(server, issuer, `${RISC}account-disabled`, { sub_id: issSub(issuer, alice) });
    assert.equal(await signIn(), "admitted");
    assert.equal(await isDisabled(server, alice), false);
    await setUserDisabled(server.parts, { email: alice.email, disabled: true });
    assert.equal(await signIn(), "user_disabled");
    assert.equal(await isDisabled(server, alice), true);
  },
);
