/** Registering passkeys, authenticating with them, and what is rejected. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cleanUp } from "../../../server/cleanup.ts";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { authenticateWithPasskey } from "../../../server/passkeys/authenticate.ts";
import { removePasskey, renamePasskey } from "../../../server/passkeys/manage.ts";
import { registrationOptions, requestOptions } from "../../../server/passkeys/options.ts";
import { MAX_PASSKEYS, registerPasskey } from "../../../server/passkeys/register.ts";
import { listPasskeys } from "../../../server/store/passkeys.ts";
import { findUser } from "../../../server/store/users.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword } from "../../support/person.ts";
import {
  type Forgery,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../support/software_authenticator.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const ADDRESS = "192.0.2.7";
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
  "Chrome/140.0.0.0 Safari/537.36";
const BROWSER = "a browser";

async function register(
  server: TestServer,
  userId: string,
  authenticator = softwareAuthenticator(),
  { name, forgery, browserToken = BROWSER }: {
    name?: string;
    forgery?: Forgery;
    browserToken?: string;
  } = {},
) {
  const user = (await findUser(server.parts.sql, userId))!;
  const options = await registrationOptions(server.parts, { user, browserToken: BROWSER });
  const credential = authenticator.create(options, forgery);
  const response = { credential, browserToken, name, address: ADDRESS, userAgent: USER_AGENT };
  return await registerPasskey(server.parts, userId, response);
}

async function authenticate(
  server: TestServer,
  authenticator: SoftwareAuthenticator,
  forgery?: Forgery,
  { user, browserToken = BROWSER }: { user?: { id: string }; browserToken?: string } = {},
) {
  const options = await requestOptions(server.parts, { user, browserToken: BROWSER });
  const credential = authenticator.get(options, forgery);
  const response = { credential, browserToken, userId: user?.id, address: ADDRESS };
  return await authenticateWithPasskey(server.parts, response);
}

function reasonOf(result: unknown): string | undefined {
  return result instanceof DomainError ? result.reason ?? result.field ?? result.code : undefined;
}

async function events(server: TestServer, event: string) {
  const rows = await server.parts.sql<{ details: Record<string, unknown> }[]>`
    select details from audit_log where event = ${event} order by occurred_at, seq`;
  return rows.map(({ details }) => details);
}

for (const kind of databaseKinds) {
  Deno.test(`registers passkeys and authenticates with them (${kind.name})`, async (t) => {
    await using database = await kind.create();
    await using server = await testServer(database.location);
    const { sql } = server.parts;
    const alice = await addUserWithPassword(server);
    const bob = await addUserWithPassword(server, "bob@example.com", "Bob");

    await t.step("names a passkey by its provider, its device or as the user asks", async () => {
      const named = [
        await register(
          server,
          alice.id,
          softwareAuthenticator({ aaguid: "bada5566-a7aa-401f-bd96-45619a55120d" }),
        ),
        await register(server, alice.id),
        await register(server, alice.id),
        await register(server, alice.id, softwareAuthenticator({ transports: ["usb"] })),
        await register(server, alice.id, softwareAuthenticator(), { name: " Work laptop " }),
        await register(server, alice.id, softwareAuthenticator(), { name: "a\u202eb" }),
      ];
      assert.deepEqual(named.map((result) => result instanceof DomainError || result.name), [
        "1Password",
        "Chrome on Linux",
        "Chrome on Linux (2)",
        "Security key",
        "Work laptop",
        true,
      ]);
      const excluded = await registrationOptions(server.parts, {
        user: alice,
        browserToken: BROWSER,
      }) as { excludeCredentials: unknown[] };
      assert.equal(excluded.excludeCredentials.length, 5);
      assert.equal((await events(server, "passkey.added")).length, 5);
      await sql`delete from passkeys`;
    });

    await t.step("records use, counter and backup state", async () => {
      const synced = softwareAuthenticator({ synced: true, counts: false });
      await register(server, alice.id, synced);
      const key = softwareAuthenticator();
      await register(server, bob.id, key);
      server.clock.advance({ minutes: 1 });
      const first = await authenticate(server, synced);
      const second = await authenticate(server, key);
      if (first instanceof DomainError) throw first;
      if (second instanceof DomainError) throw second;
      assert.deepEqual([first.user.id, first.amr], [alice.id, ["swk", "user"]]);
      assert.deepEqual([second.user.id, second.amr], [bob.id, ["hwk", "user"]]);
      assert.equal(reasonOf(await authenticate(server, synced, { backedUp: false })), undefined);
      const [passkey] = await listPasskeys(sql, alice.id);
      assert.equal(passkey.backupEligible, true);
      assert.equal(passkey.backedUp, false);
      assert.equal(passkey.lastUsedAt?.getTime(), server.clock.now());
      assert.equal(passkey.lastUsedAddress, ADDRESS);
      await sql`delete from passkeys`;
    });

    await t.step("rejects responses for another request", async () => {
      const key = softwareAuthenticator();
      await register(server, alice.id, key);
      const forgeries: [expected: string, forgery: Forgery][] = [
        ["invalid", { origin: "https://auth.example.test.evil.example" }],
        ["invalid", { origin: "http://auth.example.test" }],
        ["invalid", { rpId: "example.test" }],
        ["invalid", { type: "webauthn.create" }],
        ["invalid", { type: "payment.get" }],
        ["invalid", { userVerified: false }],
        ["invalid", { userPresent: false }],
        ["invalid", { crossOrigin: true }],
        ["invalid", { crossOrigin: true, topOrigin: "https://evil.example" }],
        ["invalid", { otherKey: true }],
        ["invalid", { backupEligible: true }],
        ["invalid", { backedUp: true }],
        ["invalid", { userHandle: null }],
        ["invalid", { userHandle: Buffer.from(bob.id).toString("base64url") }],
        ["challenge", { challenge: "AAAA" }],
        ["challenge", { challenge: Buffer.alloc(54).toString("base64url") }],
        ["unknown", { credentialId: Buffer.alloc(32) }],
      ];
      for (const [expected, forgery] of forgeries) {
        const rejected = await authenticate(server, key, forgery);
        assert.equal(reasonOf(rejected), expected, JSON.stringify(forgery));
      }
      assert.equal(
        reasonOf(await authenticate(server, key, {}, { browserToken: "another browser" })),
        "challenge",
      );
      const malformed = [
        undefined,
        "",
        "null",
        "[]",
        "{}",
        "{".repeat(5000),
        `{"id":${JSON.stringify("A".repeat(2000))}}`,
        JSON.stringify({ id: "AA", rawId: "AA", type: "password", response: {} }),
      ];
      for (const credential of malformed) {
        const response = { credential, browserToken: BROWSER, address: ADDRESS };
        const rejected = await authenticateWithPasskey(server.parts, response);
        assert.equal(reasonOf(rejected), "malformed", credential);
      }
      assert.equal((await listPasskeys(sql, alice.id))[0].lastUsedAt, undefined);
      const reasons = new Set((await events(server, "signin.failed")).map(({ reason }) => reason));
      assert.deepEqual(reasons, new Set(["invalid", "challenge", "unknown"]));
      assert.equal(reasonOf(await authenticate(server, key)), undefined, "the passkey still works");
      await sql`delete from passkeys`;
    });

    await t.step(
      "accepts a challenge once, from the browser it was for, and not late",
      async () => {
        const key = softwareAuthenticator();
        await register(server, alice.id, key);
        const options = await requestOptions(server.parts, { browserToken: BROWSER });
        const credential = key.get(options);
        const response = { credential, browserToken: BROWSER, address: ADDRESS };
        const results = await Promise.all(
          Array.from({ length: 5 }, () => authenticateWithPasskey(server.parts, response)),
        );
        assert.deepEqual(results.map(reasonOf).sort(), [
          ...Array(4).fill("replayed"),
          undefined,
        ]);
        assert.equal((await listPasskeys(sql, alice.id))[0].blockedAt, undefined);
        const late = await requestOptions(server.parts, { browserToken: BROWSER });
        server.clock.advance({ minutes: 10 });
        const response2 = { ...response, credential: key.get(late) };
        assert.equal(reasonOf(await authenticateWithPasskey(server.parts, response2)), "expired");
        server.clock.advance({ days: 2 });
        await cleanUp(server.parts);
        assert.equal((await sql`select from used_passkey_challenges`).length, 0);
        await sql`delete from passkeys`;
      },
    );

    await t.step("blocks a passkey whose counter does not rise", async () => {
      const key = softwareAuthenticator();
      await register(server, alice.id, key);
      await authenticate(server, key, { signCount: 10 });
      assert.equal(reasonOf(await authenticate(server, key, { signCount: 10 })), "blocked");
      assert.equal(reasonOf(await authenticate(server, key, { signCount: 50 })), "blocked");
      const [passkey] = await listPasskeys(sql, alice.id);
      assert.equal(passkey.blockedAt?.getTime(), server.clock.now());
      const mismatches = await events(server, "passkey.counter_mismatch");
      assert.deepEqual(mismatches.map(({ stored, presented }) => [stored, presented]), [[10, 10]]);
      assert.equal(
        await requestOptions(server.parts, { user: alice, browserToken: BROWSER }),
        undefined,
        "not offered to confirm who the user is",
      );
      await sql`delete from passkeys`;
    });

    await t.step("confirms who a user is only with a passkey of the same account", async () => {
      const [hers, his] = [softwareAuthenticator(), softwareAuthenticator()];
      await register(server, alice.id, hers);
      await register(server, bob.id, his);
      assert.equal(reasonOf(await authenticate(server, hers, {}, { user: alice })), undefined);
      const noHandle = { userHandle: null };
      assert.equal(
        reasonOf(await authenticate(server, hers, noHandle, { user: alice })),
        undefined,
      );
      assert.equal(reasonOf(await authenticate(server, his, {}, { user: alice })), "other_user");
      const signIn = await requestOptions(server.parts, { browserToken: BROWSER });
      const response = { credential: hers.get(signIn), browserToken: BROWSER, address: ADDRESS };
      const confirmed = await authenticateWithPasskey(server.parts, {
        ...response,
        userId: alice.id,
      });
      assert.equal(reasonOf(confirmed), "challenge", "a challenge for another purpose");
      await sql`delete from passkeys`;
    });

    await t.step("rejects passkeys of disabled users", async () => {
      const key = softwareAuthenticator();
      await register(server, bob.id, key);
      await setUserDisabled(server.parts, { email: "bob@example.com", disabled: true });
      assert.equal(reasonOf(await authenticate(server, key)), "disabled");
      assert.equal(reasonOf(await register(server, bob.id)), "disabled");
      await setUserDisabled(server.parts, { email: "bob@example.com", disabled: false });
      assert.equal(reasonOf(await authenticate(server, key)), undefined);
      await sql`delete from passkeys`;
    });

    await t.step("rejects registrations for another request", async () => {
      const forgeries: [expected: string, forgery: Forgery][] = [
        ["invalid", { origin: "https://evil.example" }],
        ["invalid", { rpId: "evil.example" }],
        ["invalid", { type: "webauthn.get" }],
        ["invalid", { userVerified: false }],
        ["invalid", { userPresent: false }],
        ["invalid", { backedUp: true }],
        ["invalid", { crossOrigin: true }],
        ["challenge", { challenge: "AAAA" }],
        ["malformed", { credentialId: Buffer.alloc(1024) }],
      ];
      for (const [expected, forgery] of forgeries) {
        const rejected = await register(server, alice.id, softwareAuthenticator(), { forgery });
        assert.equal(reasonOf(rejected), expected, JSON.stringify(forgery));
      }
      const elsewhere = { browserToken: "another browser" };
      const rejected = await register(server, alice.id, softwareAuthenticator(), elsewhere);
      assert.equal(reasonOf(rejected), "challenge");
      const options = await registrationOptions(server.parts, {
        user: alice,
        browserToken: BROWSER,
      });
      const response = {
        credential: softwareAuthenticator().create(options),
        browserToken: BROWSER,
        address: ADDRESS,
        userAgent: USER_AGENT,
      };
      assert.equal(reasonOf(await registerPasskey(server.parts, bob.id, response)), "challenge");
      assert.equal(reasonOf(await registerPasskey(server.parts, alice.id, response)), undefined);
      assert.equal(reasonOf(await registerPasskey(server.parts, alice.id, response)), "replayed");
      await sql`delete from passkeys`;
    });

    await t.step("registers a credential once, and no more than the limit for a user", async () => {
      const key = softwareAuthenticator();
      await register(server, bob.id, key);
      assert.equal(reasonOf(await register(server, alice.id, key)), "taken");
      for (let count = 0; count < MAX_PASSKEYS; count++) await register(server, alice.id);
      assert.equal(reasonOf(await register(server, alice.id)), "too_many");
      await sql`delete from passkeys`;
    });

    await t.step("renames and removes a user's own passkeys, but not the only method", async () => {
      const added = await register(server, alice.id);
      if (added instanceof DomainError) throw added;
      const own = {
        id: added.id,
        userId: alice.id,
        exceptSession: crypto.randomUUID(),
        address: ADDRESS,
      };
      const others = { ...own, userId: bob.id };
      assert.equal(
        reasonOf(await renamePasskey(server.parts, { ...others, name: "x" })),
        "not_found",
      );
      assert.equal(reasonOf(await renamePasskey(server.parts, { ...own, name: " " })), "name");
      assert.equal(await renamePasskey(server.parts, { ...own, name: " Laptop " }), "Laptop");
      assert.equal(reasonOf(await removePasskey(server.parts, others)), "not_found");
      assert.equal(reasonOf(await removePasskey(server.parts, { ...own, id: "x" })), "not_found");
      await sql`update users set password_hash = null where id = ${alice.id}`;
      assert.equal(reasonOf(await removePasskey(server.parts, own)), "last_method");
      const second = await register(server, alice.id);
      if (second instanceof DomainError) throw second;
      const both = await Promise.all(
        [own, { ...own, id: second.id }].map((reference) => removePasskey(server.parts, reference)),
      );
      assert.deepEqual(both.map(reasonOf).sort(), ["last_method", undefined]);
      assert.equal((await listPasskeys(sql, alice.id)).length, 1);
      assert.equal((await events(server, "passkey.renamed")).length, 1);
      assert.equal((await events(server, "passkey.removed")).length, 1);
    });
  });
}
