import assert from "node:assert/strict";
import { deleteUser } from "../../../server/admin/delete_user.ts";
import { type OffboardReport, offboardUser } from "../../../server/admin/offboard_user.ts";
import { changeOwner, listOwnedThings } from "../../../server/admin/owner_operations.ts";
import { addServiceAccount } from "../../../server/admin/service_account_operations.ts";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { updateUser } from "../../../server/admin/user_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { recordAuditEvent } from "../../../server/store/audit_events.ts";
import { pseudonymOf } from "../../../server/store/erase_user.ts";
import { findUser } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, addUserWithPassword, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const RULE = {
  name: "ci",
  provider: "github",
  issuer: "https://token.actions.githubusercontent.com",
  conditions: [{ claim: "repository_id", operator: "equals", values: ["1"] }, {
    claim: "repository_owner_id",
    operator: "equals",
    values: ["2"],
  }, { claim: "ref", operator: "equals", values: ["refs/heads/main"] }],
  scope: "deploy",
  lifetimeSeconds: 600,
  force: true,
} as const;

async function addRule(server: TestServer, actor: string, more: Record<string, unknown> = {}) {
  const conditions = RULE.conditions.map((condition) => ({
    ...condition,
    values: [...condition.values],
  }));
  const request = { ...RULE, conditions, ...more };
  const added = await addTrustRule({ ...server.parts, actor }, request);
  assert.ok(!(added instanceof DomainError), String(added));
}

function succeeded(report: OffboardReport | DomainError): OffboardReport {
  assert.ok(!(report instanceof DomainError), String(report));
  return report;
}

testOnEachDatabase(
  "offboards a user: reports what ends, transfers what the user owns, and disables",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { parts } = server;
    const alice = await addUserWithPassword(server);
    await parts.sql`update users set is_admin = true where id = ${alice.id}`;
    const bob = await addPerson(server, { admin: true });
    const tokens = await server.login(alice.id);
    const management = await server.approveManagement(alice.id, "manage:tokens deploy");
    const pat = await createPat(server, { management: management.access_token }, {
      name: "nightly build",
    });
    const browser = await signedIn(server);
    const approved = await server.startLogin();
    await server.decide(approved.user_code, alice.id);
    await addRule(server, alice.id);
    await addRule(server, bob.id, {
      name: "hers",
      userEmail: alice.email,
      conditions: [{ claim: "email", operator: "equals", values: [alice.email] }],
    });
    await addIdentity(server, alice.id, alice.email);
    await parts.sql`
      insert into group_memberships (user_id, source, name) values (${alice.id}, 'idp:okta', 'ops')`;
    const deps = { ...parts, actor: bob.id };
    const forced = { email: alice.email, force: true };

    const planned = succeeded(await offboardUser(deps, { email: alice.email, dryRun: true }));
    assert.deepEqual(planned.owned, [
      { kind: "service-account", name: "ci" },
      { kind: "trust-rule", name: "ci" },
    ]);
    assert.deepEqual(planned.trustRules, ["hers"]);
    assert.deepEqual(planned.rulesNamingUser, ["hers"]);
    assert.deepEqual(planned.tokens.map(({ name }) => name), ["nightly build"]);
    assert.deepEqual([planned.counts.logins, planned.counts.approvals, planned.logins.length], [
      1,
      1,
      1,
    ]);
    assert.equal(planned.counts.browsers, planned.browsers.length);
    assert.deepEqual(planned.identities, [{ provider: "okta", email: alice.email }]);
    assert.deepEqual(planned.groups, ["admin", "ops"]);
    assert.equal(planned.transferredTo, null);
    assert.equal((await verify(server, pat.token)).status, 200, "nothing was changed");
    assert.equal((await browser.get("/devices")).status, 200);

    const self = await offboardUser(deps, {
      ...forced,
      transferTo: alice.email,
    });
    assert.equal((self as DomainError).field, "transferTo");
    const unknown = await offboardUser(deps, {
      ...forced,
      transferTo: "x@example.com",
    });
    assert.equal((unknown as DomainError).code, "not_found");
    assert.equal((await findUser(parts.sql, alice.id))?.disabledAt, undefined);

    const report = succeeded(
      await offboardUser(deps, { ...forced, transferTo: bob.email }),
    );
    assert.deepEqual({ ...report, dryRun: true, transferredTo: null }, planned);
    assert.equal(report.transferredTo, bob.email);
    assert.notEqual((await findUser(parts.sql, alice.id))?.disabledAt, undefined);
    assert.equal((await server.refresh(tokens.refresh_token!)).status, 400);
    assert.notEqual((await server.poll(approved.device_code)).status, 200);
    assert.equal((await browser.get("/devices")).location, "/signin?next=%2Fdevices");
    const owned = await listOwnedThings(parts, { owner: bob.email });
    assert.ok(!(owned instanceof DomainError));
    assert.deepEqual(owned.map(({ kind, name }) => `${kind} ${name}`), [
      "service-account ci",
      "trust-rule ci",
      "trust-rule hers",
    ]);
    const kept = await parts.sql`select from identities where refresh_token is not null`;
    assert.equal(kept.length, 0, "refresh tokens of accounts at providers");
    const events = await parts.sql`
      select event, actor, details from audit_log
      where subject = ${alice.id} and event in ('owner.transferred', 'user.disabled')`;
    assert.deepEqual(events.map(({ event, actor }) => [event, actor]).toSorted(), [
      ["owner.transferred", bob.id],
      ["user.disabled", bob.id],
    ]);
  },
);

testOnEachDatabase(
  "lists secrets of service accounts that the user was shown",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { parts } = server;
    const alice = await addPerson(server, { admin: true });
    const bob = await addPerson(server, { admin: true });
    await addServiceAccount(parts, { name: "deployer", scope: "deploy" });
    const hers = await createPat(server, alice, { name: "from Alice", owner: "deployer" });
    await createPat(server, bob, { name: "from Bob", owner: "deployer" });
    const report = succeeded(await offboardUser(parts, { email: alice.email, dryRun: true }));
    assert.deepEqual(
      report.knownSecrets.map(({ kind, id, name, account }) => ({ kind, id, name, account })),
      [{ kind: "token", id: hers.id, name: "from Alice", account: "deployer" }],
    );
  },
);

testOnEachDatabase("changes the owner of a service account", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { parts } = server;
  const alice = await addPerson(server);
  await addServiceAccount(parts, { name: "deployer", scope: "deploy" });
  const thing = { kind: "service-account", name: "deployer" } as const;
  const owners = async () => {
    const listed = await listOwnedThings(parts, {});
    assert.ok(!(listed instanceof DomainError));
    return listed.map(({ owner }) => owner?.email);
  };
  assert.deepEqual(await owners(), [undefined]);
  assert.deepEqual(await changeOwner(parts, { ...thing, owner: alice.email }), {
    owner: alice.email,
  });
  assert.deepEqual(await owners(), [alice.email]);
  assert.deepEqual(await changeOwner(parts, { ...thing, owner: null }), { owner: null });
  assert.deepEqual(await owners(), [undefined]);
  const unknown = await changeOwner(parts, { ...thing, name: "other", owner: alice.email });
  assert.equal((unknown as DomainError).code, "not_found");
  await parts.sql`update users set disabled_at = now() where id = ${alice.id}`;
  const disabled = await changeOwner(parts, { ...thing, owner: alice.email });
  assert.equal((disabled as DomainError).code, "conflict");
});

async function addIdentity({ parts: { sql } }: TestServer, userId: string, email: string) {
  await sql`
    insert into identity_providers (
      name, template, issuer, client_id, client_secret, first_sign_in, created_at
    ) values ('okta', 'okta', 'https://acme.okta.example', 'x', 'x', 'allow', now())`;
  await sql`
    insert into identities (
      id, provider, issuer, subject, user_id, email, claims, refresh_token, created_at
    ) values (${crypto.randomUUID()}, 'okta', 'https://acme.okta.example', '7', ${userId}, ${email},
      ${sql.json({ name: email })}, 'secret', now())`;
}

/** Every column of every table that contains `text`, in any letter case. */
async function columnsWith({ parts: { sql } }: TestServer, text: string): Promise<string[]> {
  const columns = await sql<{ table: string; column: string }[]>`
    select table_name as "table", column_name as "column" from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE'
      and data_type not in ('uuid', 'boolean', 'integer', 'smallint', 'bigint',
        'timestamp with time zone')`;
  const matching: string[] = [];
  for (const { table, column } of columns) {
    const rows = await sql`
      select from ${sql(table)}
      where strpos(lower(${sql(column)}::text), ${text.toLowerCase()}) > 0 limit 1`;
    if (rows.length > 0) matching.push(`${table}.${column}`);
  }
  return matching;
}

testOnEachDatabase(
  "deletes a user without leaving the address or the name anywhere",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { parts } = server;
    const { sql, clock } = parts;
    const [email, name] = ["zora.neale@example.com", 'Zora "Z" Neale'];
    const admin = await addPerson(server, { admin: true });
    const zora = await addUserWithPassword(server, "zora@former.example", name);
    await updateUser({ ...parts, mail: noMail }, { email: zora.email, newEmail: email });
    await server.login(zora.id, undefined, { login_name: `${name}'s laptop` });
    const management = await server.approveManagement(zora.id, "manage:tokens deploy");
    const pat = await createPat(server, { management: management.access_token }, {
      name: `token of ${name}`,
      description: `ask ${email}`,
    });
    await sql`
      update personal_access_tokens set leaked_at = now(), leak_reporter = 'GitHub',
        leak_place = ${`https://example.com/?by=${encodeURIComponent(email)}`}
      where id = ${pat.id}`;
    await addIdentity(server, zora.id, email);
    const browser = await signedIn(server, email);
    await browser.get("/");
    await addServiceAccount(parts, { name: "deployer", scope: "deploy" });
    await createPat(server, admin, {
      name: "deploys",
      owner: "deployer",
      description: `ask ${name} <${email.toUpperCase()}>`,
    });
    await sql`
      insert into queued_sign_ins (
        id, provider, issuer, subject, email, name, created_at, last_attempt_at
      ) values (gen_random_uuid(), 'okta', 'https://acme.okta.example', '8', ${email}, ${name},
        now(), now())`;
    await sql`
      insert into identity_provider_tests (
        id, token_hash, provider, created_at, expires_at, result
      ) values (gen_random_uuid(), 'x', 'okta', now(), now(), ${sql.json({ claims: { email } })})`;
    await sql`
      insert into trust_requests (
        workload_hash, provider, issuer, audience, claims, address, count, first_seen_at, last_seen_at
      ) values ('x', 'google', 'https://i.example', 'a', ${sql.json({ email })}, '192.0.2.7', 1,
        now(), now())`;
    // As an identity token of hers, or a report about a token, is recorded.
    await recordAuditEvent(sql, clock, {
      event: "workload.refused",
      address: "192.0.2.7",
      details: { issuer: "https://i.example", claims: JSON.stringify({ email, name, sub: "7" }) },
    });
    await recordAuditEvent(sql, clock, {
      event: "token.leaked",
      actor: "GitHub",
      subject: pat.id,
      details: { owner: zora.id, place: `https://git.example/?a=${encodeURIComponent(email)}` },
    });
    const others = { by: "m" + email, to: `${email}.au`, text: "Zora Neale Hurston" };
    await recordAuditEvent(sql, clock, { event: "other", details: others });
    assert.ok((await columnsWith(server, email)).includes("users.email"));
    assert.ok((await columnsWith(server, "zora@former.example")).includes("audit_log.details"));

    const deleted = await deleteUser({ ...parts, actor: admin.id }, { email });
    assert.deepEqual(deleted, { email, rulesNamingUser: [], isErased: true });
    const [{ details }] = await sql`select details from audit_log where event = 'other'`;
    assert.deepEqual(details, others, "other addresses stay");
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from audit_log where event = 'other'`;
    });
    for (const text of [email, "zora@former.example", name, JSON.stringify(name).slice(1, -1)]) {
      assert.deepEqual(await columnsWith(server, text), [], text);
    }
    const [event] = await sql`select subject, actor from audit_log where event = 'user.deleted'`;
    assert.deepEqual([event.subject, event.actor], [zora.id, admin.id]);
    const [leak] = await sql`select details from audit_log where event = 'token.leaked'`;
    assert.match(leak.details.place, new RegExp(pseudonymOf(zora.id)));
    const [refused] = await sql`select details from audit_log where event = 'workload.refused'`;
    const pseudonym = pseudonymOf(zora.id);
    assert.deepEqual(JSON.parse(refused.details.claims), {
      email: pseudonym,
      name: pseudonym,
      sub: "7",
    });
  },
);

testOnEachDatabase(
  "deletes a user who has the name or the former id of something else",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { parts } = server;
    const { sql, clock } = parts;
    await addPerson(server, { admin: true });
    const user = await addUserWithPassword(server, "operator@example.com", "Operator");
    await sql`update users set subject = 'okta' where id = ${user.id}`;
    await recordAuditEvent(sql, clock, {
      event: "user.disabled",
      actor: "operator",
      subject: user.id,
      details: { text: "Operator okta" },
    });
    const event = { event: "upstream.logout", actor: "okta", details: { text: "okta" } };
    await recordAuditEvent(sql, clock, event);
    await deleteUser(parts, { email: user.email });
    const events = await sql`
      select actor, subject, details from audit_log
      where event in ('user.disabled', 'upstream.logout') order by event`;
    const pseudonym = pseudonymOf(user.id);
    assert.deepEqual(events.map((row) => ({ ...row })), [
      { actor: "okta", subject: null, details: { text: "okta" } },
      { actor: "operator", subject: user.id, details: { text: `${pseudonym} ${pseudonym}` } },
    ]);
  },
);

const noMail = { send: () => {}, deliver: () => Promise.resolve(undefined) };
