/** Ways around the second factor and around what a user has removed. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createUserPasswordLink } from "../../../server/admin/password_link_operations.ts";
import {
  addIdentityProvider,
  removeIdentityProvider,
} from "../../../server/admin/identity_providers/operations.ts";
import { resetFactors } from "../../../server/admin/reset_factors.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { removePasskey } from "../../../server/passkeys/manage.ts";
import { registrationOptions } from "../../../server/passkeys/options.ts";
import { registerPasskeyByLink } from "../../../server/passkeys/register.ts";
import {
  findProviderSignals,
  saveProviderSignals,
} from "../../../server/store/provider_signals.ts";
import { listPasskeys } from "../../../server/store/passkeys.ts";
import { queueSignIn } from "../../../server/store/queued_sign_ins.ts";
import type { User } from "../../../server/store/users.ts";
import { shownKey, totpCode } from "../../support/authenticator_app.ts";
import { databaseKinds } from "../../support/databases.ts";
import { type Visitor, visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import {
  addPasskey,
  optionsOf,
  softwareAuthenticator,
} from "../../support/software_authenticator.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const EMAIL = "alice@example.com";

async function withServer(
  run: (server: TestServer, alice: User) => Promise<void>,
  change?: Parameters<typeof testServer>[1],
): Promise<void> {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, change);
  await run(server, await addUserWithPassword(server));
}

/** Enters the password; the page that follows. */
async function enterPassword(browser: Visitor, path = "/signin") {
  await browser.get(path);
  const { location } = await browser.submit("/signin", { email: EMAIL, password: PASSWORD });
  return await browser.get(location!);
}

/** Signs in with the password and then the passkey. */
async function signInWithBoth(server: TestServer, key: ReturnType<typeof softwareAuthenticator>) {
  const browser = visitor(server);
  const page = await enterPassword(browser);
  assert.equal(page.page, "second_factor");
  const credential = key.get(optionsOf(page, "get"));
  const done = await browser.submit("/signin/second-factor/passkey", { credential });
  assert.equal(done.status, 303, done.text);
  return browser;
}

const isSignedIn = async (browser: Visitor) => (await browser.get("/devices")).status === 200;

Deno.test("a link by mail gives no passkey to a user who has another way to sign in", () =>
  withServer(async (server, alice) => {
    const { parts } = server;
    const { sql } = parts;
    await sql`update users set password_hash = null`;
    const ways: [name: string, add: () => Promise<unknown>][] = [
      ["a passkey", () => addPasskey(server, alice, softwareAuthenticator())],
      ["a blocked passkey", () => sql`update passkeys set blocked_at = now()`],
      ["an account of a provider", async () => {
        await sql`delete from passkeys`;
        await sql`
          insert into identity_providers (
            name, template, issuer, client_id, client_secret, first_sign_in, created_at
          ) values ('acme', 'generic', 'https://acme.test', 'c', 's', 'allow', now())`;
        await sql`
          insert into identities (id, provider, issuer, subject, user_id, created_at)
          values (${randomUUID()}, 'acme', 'https://acme.test', 's', ${alice.id}, now())`;
      }],
    ];
    for (const [name, add] of ways) {
      await add();
      const created = await createUserPasswordLink(parts, {
        email: EMAIL,
        link: { lifetimeSeconds: 3600, mail: false },
      });
      if (created instanceof DomainError) throw created;
      const url = new URL(created.link.url!);
      const page = await visitor(server).get(url.pathname + url.search);
      assert.equal(page.page, "choose_password", name);
      assert.ok(!page.html.includes("data-passkey"), name);
      const options = await registrationOptions(parts, { user: alice, browserToken: "b" });
      const added = await registerPasskeyByLink(
        parts,
        { userId: alice.id, token: url.searchParams.get("token")! },
        {
          credential: softwareAuthenticator().create(options),
          browserToken: "b",
          address: "192.0.2.1",
          userAgent: "Browser/1",
        },
      );
      assert.ok(added instanceof DomainError && added.code === "conflict", name);
    }
  }));

Deno.test("a set-up that was begun by another does not pass a second factor added since", () =>
  withServer(async (server, alice) => {
    const browser = visitor(server);
    const page = await enterPassword(browser);
    assert.equal(page.page, "enroll_second_factor");
    await addPasskey(server, alice, softwareAuthenticator());
    const code = totpCode(shownKey(page.html), server.clock.now());
    const done = await browser.submit("/signin/set-up", { code });
    assert.match(done.location!, /^\/signin/);
    assert.equal(await isSignedIn(browser), false);
    assert.equal((await server.parts.sql`select 1 from totp_authenticators`).length, 0);
  }, (config) => {
    config.secondFactor = "everyone";
  }));

Deno.test("a passkey that is blocked still has to be replaced by a second factor", () =>
  withServer(async (server, alice) => {
    await addPasskey(server, alice, softwareAuthenticator());
    await server.parts.sql`update passkeys set blocked_at = now()`;
    const browser = visitor(server);
    const page = await enterPassword(browser);
    assert.equal(page.page, "second_factor", page.text);
    assert.match(page.text, /blocked/);
    assert.equal(await isSignedIn(browser), false);
  }));

Deno.test("removing a passkey signs out browsers that confirmed a password with it", () =>
  withServer(async (server, alice) => {
    const { parts } = server;
    const key = softwareAuthenticator();
    await addPasskey(server, alice, key);
    const first = await signInWithBoth(server, key);
    const [passkey] = await listPasskeys(parts.sql, alice.id);
    const reference = { id: passkey.id, userId: alice.id, address: "192.0.2.1" };
    await removePasskey(parts, { ...reference, exceptSession: randomUUID() });
    assert.equal(await isSignedIn(first), false);

    // By an administrator: it was stolen.
    await addPasskey(server, alice, key);
    const second = await signInWithBoth(server, key);
    const withPassword = await signedIn(
      server,
      (await addUserWithPassword(server, "b@c.de")).email,
    );
    assert.ok(!(await resetFactors(parts, { email: EMAIL }) instanceof DomainError));
    assert.equal(await isSignedIn(second), false);
    assert.equal(await isSignedIn(withPassword), true);
  }));

Deno.test("a session stays that of its passkey and provider after a change of the password", () =>
  withServer(async (server, alice) => {
    const { sql } = server.parts;
    const key = softwareAuthenticator();
    await addPasskey(server, alice, key);
    const browser = await signInWithBoth(server, key);
    const identity = randomUUID();
    await sql`update sessions set identity_id = ${identity}, upstream_session_id = 'sid'`;
    await browser.get("/account/password");
    const changed = await browser.submit("/account/password", {
      current_password: PASSWORD,
      password: "another long and calm phrase",
      repeated_password: "another long and calm phrase",
    });
    assert.equal(changed.status, 303, changed.text);
    const now = new Date(server.clock.now());
    const [session] = await sql`
      select passkey_id is not null as passkey, identity_id, upstream_session_id as sid, acr
      from sessions where expires_at > ${now}`;
    assert.deepEqual({ ...session }, {
      passkey: true,
      identity_id: identity,
      sid: "sid",
      acr: "phr",
    });
  }));

Deno.test("a provider under the name of one that was removed inherits nothing", () =>
  withServer(async (server, alice) => {
    const { parts } = server;
    const { sql } = parts;
    const add = (issuer: string) =>
      sql`
        insert into identity_providers (
          name, template, issuer, client_id, client_secret, first_sign_in, created_at
        ) values ('acme', 'generic', ${issuer}, 'c', 's', 'allow', now())`;
    await add("https://old.test");
    const now = new Date(server.clock.now());
    await sql.begin((tx) =>
      saveProviderSignals(tx, {
        provider: "acme",
        logoutRevokesLogins: true,
        disablesUsers: true,
        eventsTokenHash: new Uint8Array(32),
        eventsIssuer: "https://old.test",
        now,
      })
    );
    // Who has a passkey can still sign in afterward, and who has a blocked one cannot.
    await sql`update users set password_hash = null`;
    const bob = await addUserWithPassword(server, "bob@example.com");
    await sql`update users set password_hash = null where id = ${bob.id}`;
    for (const user of [alice, bob]) {
      await addPasskey(server, user, softwareAuthenticator());
      await sql`
        insert into identities (id, provider, issuer, subject, user_id, created_at)
        values (${randomUUID()}, 'acme', 'https://old.test', ${user.id}, ${user.id}, now())`;
    }
    await sql`update passkeys set blocked_at = now() where user_id = ${bob.id}`;
    await sql`
      update users set disabled_at = now(), disabled_by = 'idp:acme' where id = ${alice.id}`;
    assert.deepEqual(await removeIdentityProvider(parts, { name: "acme" }), {
      identities: 2,
      usersWithoutSignIn: 1,
    });
    await add("https://new.test");
    const signals = await findProviderSignals(sql, "acme");
    assert.deepEqual(
      [signals.eventsTokenHash, signals.eventsIssuer, signals.logoutRevokesLogins],
      [undefined, undefined, false],
    );
    const [user] =
      await sql`select disabled_at is not null as disabled, disabled_by from users where id = ${alice.id}`;
    assert.deepEqual({ ...user }, { disabled: true, disabled_by: null });
  }));

Deno.test("the public GitHub lets no user in unasked, however its address is written", () =>
  withServer(async ({ parts }) => {
    for (const issuer of ["https://github.com/", "https://GitHub.com", "https://github.com:443"]) {
      const options = { template: "github", clientId: "c", clientSecret: "s", issuer };
      const open = await addIdentityProvider(parts, { ...options, firstSignIn: "allow" });
      assert.ok(open instanceof DomainError && open.field === "firstSignIn", issuer);
    }
    const options = { template: "github", clientId: "c", clientSecret: "s" };
    const added = await addIdentityProvider(parts, { ...options, issuer: "https://github.com/" });
    assert.ok(!(added instanceof DomainError));
    assert.deepEqual([added.issuer, added.firstSignIn], ["https://github.com", "queue"]);
    const gitlab = { ...options, template: "gitlab", issuer: "https://gitlab.com/" };
    const open = await addIdentityProvider(parts, { ...gitlab, firstSignIn: "allow" });
    assert.ok(open instanceof DomainError && open.field === "firstSignIn");
    assert.ok(!(await addIdentityProvider(parts, gitlab) instanceof DomainError));
    const again = await addIdentityProvider(parts, {
      ...gitlab,
      name: "again",
      issuer: "https://gitlab.com",
    });
    assert.ok(again instanceof DomainError && again.field === "issuer", "the same issuer");
  }));

Deno.test("approves a first sign-in only with the address that the administrator has seen", () =>
  withServer(async (server) => {
    const { sql } = server.parts;
    await sql`update users set is_admin = true`;
    await sql`
      insert into identity_providers (
        name, template, issuer, client_id, client_secret, first_sign_in, created_at
      ) values ('acme', 'generic', 'https://acme.test', 'c', 's', 'queue', now())`;
    const queue = async (email: string) => {
      const queued = await sql.begin((tx) =>
        queueSignIn(tx, {
          provider: "acme",
          issuer: "https://acme.test",
          subject: "s",
          email,
          name: "Bob",
          claims: {},
          now: new Date(server.clock.now()),
          limit: 10,
        })
      );
      assert.ok(queued !== "full");
      return (queued as { id: string }).id;
    };
    const path = "/admin/identity-providers/requests/approve";
    const id = await queue("bob@partner.test");
    const browser = await signedIn(server);
    await browser.get(`${path}?request=${id}`);
    // Another address makes it another request.
    const changed = await queue("ceo@partner.test");
    assert.equal((await browser.submit(path)).error, "request_not_found");
    assert.equal((await sql`select 1 from users`).length, 1);
    await browser.get(`${path}?request=${changed}`);
    assert.equal((await browser.submit(path)).status, 303);
    assert.equal((await sql`select 1 from users where email = 'ceo@partner.test'`).length, 1);
  }));
