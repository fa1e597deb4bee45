/** Accounts at identity providers that are checked again with their refresh tokens. */
import assert from "node:assert/strict";
import { removeDirectory } from "../../../server/admin/directory_operations.ts";
import {
  removeIdentityProvider,
  updateIdentityProvider,
} from "../../../server/admin/identity_providers/operations.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { accountFromClaims } from "../../../server/identity_providers/account.ts";
import { decideAdmission } from "../../../server/identity_providers/decide_admission.ts";
import { UpstreamFailure } from "../../../server/identity_providers/failure.ts";
import {
  clientSecretPlace,
  refreshTokenPlace,
  seal,
} from "../../../server/identity_providers/sealed_text.ts";
import { unlinkIdentity } from "../../../server/identity_providers/unlink_identity.ts";
import { Rechecks } from "../../../server/shared_signals/rechecks.ts";
import { listIdentities } from "../../../server/store/identities.ts";
import { findIdentityProvider } from "../../../server/store/identity_providers.ts";
import { findProviderSignals } from "../../../server/store/provider_signals.ts";
import { findUser } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addDirectory } from "../../support/directory.ts";
import { eventually } from "../../support/eventually.ts";
import {
  addLinkedUser,
  addProvider,
  CLIENT_ID,
  type LinkedUser,
  PROVIDER,
  reachLoopback,
} from "../../support/linked_user.ts";
import { type OidcIssuer, startIssuer } from "../../support/oidc_issuer.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const HOUR = { seconds: 3600 };
const DAY = { seconds: 86_401 };

function configure(config: ServerConfig): void {
  reachLoopback(config);
  config.recheck = { intervalSeconds: 86_400, graceSeconds: 3600 };
}

/** A provider with a token endpoint whose response tests choose. */
async function startProvider(server: TestServer) {
  const issuer = await startIssuer({ clock: server.clock });
  issuer.answer("/.well-known/openid-configuration", () =>
    Response.json({
      issuer: issuer.url,
      jwks_uri: `${issuer.url}/jwks`,
      authorization_endpoint: `${issuer.url}/authorize`,
      token_endpoint: `${issuer.url}/token`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    }));
  await addProvider(server, issuer);
  const { sql } = server.parts;
  await sql`update identity_providers set recheck = true`;
  const [{ name }] = await sql<{ name: string }[]>`select name from identity_providers`;
  const secret = seal(server.parts, "a client secret", clientSecretPlace(name));
  await sql`update identity_providers set client_secret = ${secret}`;
  return issuer;
}

async function addUser(server: TestServer, issuer: OidcIssuer, email: string) {
  const user = await addLinkedUser(server, issuer, email);
  const { sql } = server.parts;
  const now = new Date(server.clock.now());
  const [{ id }] = await sql<{ id: string }[]>`
    select id from identities where user_id = ${user.id}`;
  const token = seal(server.parts, `refresh token of ${email}`, refreshTokenPlace(id));
  await sql`
    update identities set refresh_token = ${token},
      last_checked_at = ${now}, last_signed_in_at = ${now}
    where user_id = ${user.id}`;
  return user;
}

/** Answers the token endpoint; `status` 200 renews the token. */
function answerTokens(issuer: OidcIssuer, status: number, body: Record<string, unknown> = {}) {
  issuer.answer("/token", () => Response.json(body, { status }));
}

const RENEWED = { access_token: "a", token_type: "Bearer", refresh_token: "another" };
const GONE = { error: "invalid_grant" };

async function isDisabled({ parts: { sql } }: TestServer, { id }: LinkedUser): Promise<boolean> {
  return (await findUser(sql, id))?.disabledAt !== undefined;
}

function tokenRequests({ requests }: OidcIssuer): number {
  return requests.filter((request) => request === "POST /token").length;
}

testOnEachDatabase("disables a user whose account is gone, after the grace", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startProvider(server);
  const alice = await addUser(server, issuer, "alice@example.com");
  const { rechecks, sql } = server.parts;
  answerTokens(issuer, 200, RENEWED);
  await rechecks.runDue();
  assert.equal(tokenRequests(issuer), 0, "checked today");
  server.clock.advance(DAY);
  await rechecks.runDue();
  await rechecks.runDue();
  assert.equal(tokenRequests(issuer), 1);
  assert.equal(await isDisabled(server, alice), false);

  answerTokens(issuer, 400, GONE);
  server.clock.advance(DAY);
  await rechecks.runDue();
  assert.equal(tokenRequests(issuer), 2);
  assert.equal(await isDisabled(server, alice), false, "the grace");
  server.clock.advance({ seconds: 3599 });
  await rechecks.runDue();
  assert.equal(await isDisabled(server, alice), false);
  server.clock.advance({ seconds: 1 });
  await rechecks.runDue();
  assert.equal(await isDisabled(server, alice), true);
  assert.equal((await findUser(sql, alice.id))?.disabledBy, `idp:${PROVIDER}`);
  assert.equal((await server.refresh(alice.refreshToken)).status, 400);
  const events = await sql`
    select event from audit_log where subject = ${alice.id}
      and event in ('upstream.account_rejected', 'upstream.account_gone', 'user.disabled')`;
  assert.equal(events.length, 3);
});

testOnEachDatabase(
  "lets a user go on who signs in at the provider within the grace",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const alice = await addUser(server, issuer, "alice@example.com");
    const { rechecks, sql } = server.parts;
    answerTokens(issuer, 400, GONE);
    server.clock.advance(DAY);
    await rechecks.runDue();
    server.clock.advance({ seconds: 60 });
    await sql`update identities set last_signed_in_at = ${new Date(server.clock.now())}`;
    server.clock.advance(HOUR);
    await rechecks.runDue();
    assert.equal(await isDisabled(server, alice), false);
    assert.equal((await sql`select from identity_checks`).length, 0);
  },
);

testOnEachDatabase(
  "disables no user while a provider is down or answers anything else",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const alice = await addUser(server, issuer, "alice@example.com");
    const { rechecks } = server.parts;
    const answers: [status: number, body: Record<string, unknown>][] = [
      [500, {}],
      [503, GONE],
      [400, { error: "invalid_client" }],
      [401, { error: "invalid_client" }],
      [400, { error: "invalid_request" }],
      [400, {}],
      [403, GONE],
      [429, GONE],
      [200, { error: "invalid_grant" }],
    ];
    for (const [status, body] of answers) {
      answerTokens(issuer, status, body);
      server.clock.advance(DAY);
      await rechecks.runDue();
      server.clock.advance(HOUR);
      await rechecks.runDue();
      assert.equal(await isDisabled(server, alice), false, `${status} ${JSON.stringify(body)}`);
    }
    issuer.answer("/token", () => new Response("x".repeat(2_000_000)));
    server.clock.advance(DAY);
    await rechecks.runDue();
    assert.equal(await isDisabled(server, alice), false, "2 MB");
  },
);

testOnEachDatabase("asks a provider that did not answer again after an hour", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startProvider(server);
  await addUser(server, issuer, "alice@example.com");
  const { rechecks } = server.parts;
  answerTokens(issuer, 500);
  server.clock.advance(DAY);
  await rechecks.runDue();
  await rechecks.runDue();
  assert.equal(tokenRequests(issuer), 1);
  server.clock.advance(HOUR);
  await rechecks.runDue();
  assert.equal(tokenRequests(issuer), 2);
});

testOnEachDatabase("has one of several replicas check each account", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startProvider(server);
  for (let number = 0; number < 6; number++) {
    await addUser(server, issuer, `user${number}@example.com`);
  }
  answerTokens(issuer, 200, RENEWED);
  server.clock.advance(DAY);
  const replicas = [server.parts.rechecks, new Rechecks(server.parts), new Rechecks(server.parts)];
  await Promise.all(replicas.map((replica) => replica.runDue()));
  assert.equal(tokenRequests(issuer), 6);
});

testOnEachDatabase(
  "checks an account in the background when a login is renewed",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const alice = await addUser(server, issuer, "alice@example.com");
    answerTokens(issuer, 400, GONE);
    const renewed = await server.refresh(alice.refreshToken);
    assert.equal(renewed.status, 200);
    server.clock.advance({ seconds: 3601 });
    const again = await server.refresh(renewed.body.refresh_token);
    assert.equal(again.status, 200, "the provider is not waited for");
    const { sql, rechecks } = server.parts;
    await eventually(
      "it was checked",
      async () =>
        (await sql`select from identity_checks where rejected_since is not null`).length === 1,
    );
    assert.equal(tokenRequests(issuer), 1, "not at the first renewal");
    server.clock.advance(HOUR);
    await rechecks.runDue();
    assert.equal(await isDisabled(server, alice), true);
    assert.equal((await server.refresh(again.body.refresh_token)).status, 400);
  },
);

testOnEachDatabase(
  "checks only at providers that keep refresh tokens, and active users",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const alice = await addUser(server, issuer, "alice@example.com");
    const { sql, rechecks } = server.parts;
    answerTokens(issuer, 400, GONE);
    server.clock.advance(DAY);
    await sql`update identity_providers set recheck = false`;
    await rechecks.runDue();
    await sql`update identity_providers set recheck = true, disabled_at = now()`;
    await rechecks.runDue();
    await sql`update identity_providers set disabled_at = null`;
    await sql`update users set disabled_at = now() where id = ${alice.id}`;
    await rechecks.runDue();
    await sql`update users set disabled_at = null where id = ${alice.id}`;
    await sql`delete from sessions`;
    await sql`delete from refresh_token_families`;
    await rechecks.runDue();
    assert.equal(tokenRequests(issuer), 0);
  },
);

testOnEachDatabase("stores the refresh token that replaces one", async (location) => {
  await using server = await testServer(location, configure);
  await using issuer = await startProvider(server);
  await addUser(server, issuer, "alice@example.com");
  const { sql, rechecks } = server.parts;
  const stored = async () => (await sql`select refresh_token from identities`)[0].refresh_token;
  const before = await stored();
  answerTokens(issuer, 200, RENEWED);
  server.clock.advance(DAY);
  await rechecks.runDue();
  assert.notDeepEqual(await stored(), before);
});

testOnEachDatabase(
  "stores no groups of an account that is unlinked while it is checked",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const { sql, rechecks } = server.parts;
    await sql`update identity_providers set groups_claim = 'groups', domains = '["example.com"]'`;
    const [alice, bob, carol] = [
      await addUser(server, issuer, "alice@example.com"),
      await addUser(server, issuer, "bob@example.com"),
      await addUser(server, issuer, "carol@example.com"),
    ];
    const groupsOf = async ({ id }: LinkedUser) => (await findUser(sql, id))?.groups;
    const check = async ({ id, subject }: LinkedUser, meanwhile: () => Promise<unknown>) => {
      issuer.answer("/token", async () => {
        await meanwhile();
        const claims = { sub: subject, aud: CLIENT_ID, groups: ["ops"], email: "x@example.com" };
        return Response.json({ ...RENEWED, id_token: await issuer.sign({ ...claims, name: "X" }) });
      });
      await sql`update identities set last_checked_at = now() + interval '1 year'`;
      await sql`update identities set last_checked_at = null, created_at = ${new Date(0)}
        where user_id = ${id}`;
      await rechecks.runDue();
    };
    await check(alice, () => Promise.resolve());
    assert.deepEqual(await groupsOf(alice), ["ops"]);
    await check(bob, async () => {
      const [identity] = await listIdentities(sql, { userId: bob.id });
      assert.equal(await unlinkIdentity(server.parts, { identity, actor: bob.id }), true);
    });
    assert.deepEqual(await groupsOf(bob), []);
    await check(carol, () => sql`update identity_providers set groups_claim = null`);
    assert.deepEqual(await groupsOf(carol), []);
  },
);

testOnEachDatabase(
  "keeps an administrator when a provider is no longer asked for groups, or a directory is removed",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const { parts } = server;
    const { sql } = parts;
    await sql`update identity_providers set groups_claim = 'groups', domains = '["example.com"]'`;
    const alice = await addUser(server, issuer, "alice@example.com");
    await sql`
      insert into groups (id, name, sources, created_at)
      values (gen_random_uuid(), 'admin', '["okta:Admins"]', now())`;
    await addDirectory(server, PROVIDER);
    for (const source of ["idp", "scim"] as const) {
      await sql`delete from group_memberships`;
      await sql`
        insert into group_memberships (user_id, source, name)
        values (${alice.id}, ${`${source}:okta`}, 'Admins')`;
      const change = () =>
        source === "scim"
          ? removeDirectory(parts, { name: PROVIDER })
          : updateIdentityProvider(parts, { name: PROVIDER, changes: { groupsClaim: null } });
      const refused = await change();
      assert.equal((refused as DomainError).reason, "last_administrator", source);
      assert.equal((await findUser(sql, alice.id))?.isAdmin, true);
      await sql`update users set is_admin = true where id = ${alice.id}`;
      assert.ok(!(await change() instanceof DomainError));
      assert.equal((await findUser(sql, alice.id))?.isAdminByGroup, false);
      await sql`update users set is_admin = false where id = ${alice.id}`;
    }
  },
);

testOnEachDatabase("another provider of the same name reports nothing", async (location) => {
  await using server = await testServer(location, configure);
  await using _issuer = await startProvider(server);
  const { parts } = server;
  assert.notEqual((await findProviderSignals(parts.sql, PROVIDER)).eventsTokenHash, undefined);
  const removed = await removeIdentityProvider(parts, { name: PROVIDER });
  assert.ok(!(removed instanceof DomainError), String(removed));
  assert.equal((await findProviderSignals(parts.sql, PROVIDER)).eventsTokenHash, undefined);
});

testOnEachDatabase(
  "a second account at a provider does not enable the user of one that it has disabled",
  async (location) => {
    await using server = await testServer(location, configure);
    await using issuer = await startProvider(server);
    const alice = await addUser(server, issuer, "alice@example.com");
    const { sql } = server.parts;
    await sql`
      update users set disabled_at = now(), disabled_by = ${`idp:${PROVIDER}`}
      where id = ${alice.id}`;
    const provider = (await findIdentityProvider(sql, PROVIDER))!;
    const signIn = async (sub: string) => {
      const account = accountFromClaims(provider, { sub }, { issuer: issuer.url });
      assert.ok(!(account instanceof UpstreamFailure));
      return (await decideAdmission(sql, provider, account)).outcome;
    };
    assert.equal(await signIn(alice.subject), "known");
    await sql`
      insert into identities (id, provider, issuer, subject, user_id, created_at)
      values (gen_random_uuid(), ${PROVIDER}, ${issuer.url}, 'another', ${alice.id}, now())`;
    assert.equal(await signIn("another"), "refuse");
    assert.equal(await signIn(alice.subject), "refuse");
  },
);
