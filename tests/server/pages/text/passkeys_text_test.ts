/** The text of the pages of passkeys. */
import assert from "node:assert/strict";
import { createUserPasswordLink } from "../../../../server/admin/password_link_operations.ts";
import { DomainError } from "../../../../server/domain_error.ts";
import { createUser } from "../../../../server/store/users.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { visitor } from "../../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../../support/person.ts";
import {
  addPasskey,
  type Forgery,
  optionsOf,
  softwareAuthenticator,
} from "../../../support/software_authenticator.ts";
import { testServer } from "../../../support/test_server.ts";

Deno.test("the text of the pages of passkeys", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const golden = pageGolden();
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  const key = softwareAuthenticator({ aaguid: "bada5566-a7aa-401f-bd96-45619a55120d" });

  const add = "/account/passkeys/add";
  let page = await golden.record("add_passkey", "form", browser.get(add));
  const sendRegistration = (fields: Record<string, string> = {}, forgery?: Forgery) =>
    browser.submit(add, { credential: key.create(optionsOf(page, "create"), forgery), ...fields });
  await golden.recordProblems("add_passkey", "no response", browser.submit(add));
  page = await browser.get(add);
  await golden.recordProblems(
    "add_passkey",
    "of another origin",
    sendRegistration({}, { origin: "https://evil.example" }),
  );
  page = await browser.get(add);
  await golden.recordProblems(
    "add_passkey",
    "name too long",
    sendRegistration({
      name: "x".repeat(101),
    }),
  );
  page = await browser.get(add);
  server.clock.advance({ minutes: 11 });
  await golden.recordProblems("add_passkey", "too late", sendRegistration());
  page = await browser.get(add);
  const added = await sendRegistration();
  assert.equal(added.location, "/account/security", added.text);
  await golden.record("passkeys", "added", browser.get(added.location!));
  const [{ id }] = await sql`select id from passkeys`;

  // What changes sign-in methods now needs the passkey.
  const signIn = await golden.record(
    "sign_in_passkey",
    "again, with the passkey",
    browser.get((await browser.get(add)).location!),
  );
  const confirmed = await browser.submit("/signin/passkey", {
    credential: key.get(optionsOf(signIn, "get")),
    next: add,
    again: "1",
  });
  assert.equal(confirmed.location, add, confirmed.text);
  page = await browser.get(add);
  await golden.recordProblems(
    "add_passkey",
    "of an authenticator that is registered",
    sendRegistration(),
  );

  const rename = `/account/passkeys/rename?passkey=${id}`;
  await golden.record("rename_passkey", "form", browser.get(rename));
  await golden.recordProblems(
    "rename_passkey",
    "no name",
    browser.submit("/account/passkeys/rename", { name: "" }),
  );
  await browser.get(rename);
  const renamed = await browser.submit("/account/passkeys/rename", { name: "Work <laptop>" });
  await golden.record("passkeys", "renamed", browser.get(renamed.location!));
  const remove = `/account/passkeys/remove?passkey=${id}`;
  await golden.record("remove_passkey", "question", browser.get(remove));
  await sql`update users set password_hash = null where id = ${alice.id}`;
  await golden.record(
    "remove_passkey",
    "the only way to sign in",
    browser.submit("/account/passkeys/remove"),
  );
  await sql`update users set password_hash = ${alice.passwordHash!} where id = ${alice.id}`;

  // Signing in.
  const other = visitor(server);
  const start = async (next = "/") => await other.get(`/signin?next=${encodeURIComponent(next)}`);
  const send = async (forgery?: Forgery) =>
    await other.submit("/signin/passkey", {
      credential: key.get(optionsOf(await start(), "get"), forgery),
    });
  await golden.recordProblems("sign_in_passkey", "invalid", send({ userVerified: false }));
  await golden.recordProblems("sign_in_passkey", "of another page", send({ challenge: "AAAA" }));
  await golden.recordProblems(
    "sign_in_passkey",
    "unknown",
    send({ credentialId: new Uint8Array(32) }),
  );
  await start();
  await golden.recordProblems("sign_in_passkey", "no response", other.submit("/signin/passkey"));
  await start();
  const password = { email: "alice@example.com", password: PASSWORD };
  const second = await other.submit("/signin", password);
  assert.equal(second.location, "/signin/second-factor");
  await golden.record("second_factor_passkey", "passkey", other.get(second.location!));
  await golden.recordProblems(
    "second_factor_passkey",
    "no response",
    other.submit("/signin/second-factor/passkey"),
  );
  await golden.recordProblems("sign_in_passkey", "a copy", send({ signCount: 1 }));
  await golden.record("passkeys", "blocked", browser.get("/account/security"));
  await browser.get(remove);
  const removed = await browser.submit("/account/passkeys/remove");
  await golden.record("passkeys", "removed", browser.get(removed.location!));
  const gone = await browser.get(remove);
  await golden.record("passkeys", "removed already", browser.get(gone.location!));
  await addPasskey(server, alice, key);
  await sql`update users set disabled_at = now() where id = ${alice.id}`;
  await golden.recordProblems("sign_in_passkey", "disabled account", send({ signCount: 100 }));

  // A new user chooses a passkey.
  const now = new Date(server.clock.now());
  await createUser(sql, { email: "bob@example.com", name: "Bob", isAdmin: false, now });
  const invited = await createUserPasswordLink(server.parts, {
    email: "bob@example.com",
    link: { lifetimeSeconds: 3600, mail: false },
  });
  if (invited instanceof DomainError) throw invited;
  const { pathname, search } = new URL(invited.link.url!);
  const bob = visitor(server);
  const link = await bob.get(pathname + search);
  const chosen = await bob.submit("/password/choose/passkey", {
    credential: softwareAuthenticator().create(optionsOf(link, "create")),
  });
  await golden.record("sign_in_passkey", "after the invitation", bob.get(chosen.location!));
  await golden.assert();
});
