/** The text of the pages about passwords. */
import { createUserPasswordLink } from "../../../../server/admin/password_link_operations.ts";
import { addUser, updateUser } from "../../../../server/admin/user_operations.ts";
import { DomainError } from "../../../../server/domain_error.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { visitor } from "../../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../../support/person.ts";
import { FULL_SCOPE, testServer } from "../../../support/test_server.ts";

Deno.test("the text of the pages about passwords", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { parts } = server;
  const golden = pageGolden();
  const user = await addUserWithPassword(server);
  const choice = { password: "a new pass phrase", repeated_password: "a new pass phrase" };

  await server.login(user.id, FULL_SCOPE);
  await signedIn(server);
  const browser = await signedIn(server);
  const change = "/account/password";
  await golden.record("change_password", "empty form", browser.get(change));
  const wrong = { ...choice, current_password: "wrong" };
  await golden.recordProblems("change_password", "wrong password", browser.submit(change, wrong));
  const same = { password: PASSWORD, repeated_password: PASSWORD, current_password: PASSWORD };
  await golden.recordProblems("change_password", "no change", browser.submit(change, same));
  const right = { ...choice, current_password: PASSWORD, revoke_logins: "on" };
  await browser.submit(change, right);
  await golden.record("change_password", "changed", browser.get(change));
  for (let count = 0; count < 10; count++) await browser.submit(change, wrong);
  await golden.record("change_password", "too many attempts", browser.submit(change, wrong));

  const link = async (email: string) => {
    const created = await createUserPasswordLink(parts, {
      email,
      link: { lifetimeSeconds: 3600, mail: false },
    });
    if (created instanceof DomainError) throw created;
    return created.link.url!.slice(parts.issuer.length);
  };
  const invited = { email: "bob@example.com", name: "Bob", isAdmin: false };
  await addUser(parts, invited);
  const guest = visitor(server);
  await golden.record("choose_password", "of a new user", guest.get(await link(invited.email)));
  const path = await link(user.email);
  await golden.record("choose_password", "of a user with a password", guest.get(path));
  const mismatch = { ...choice, repeated_password: "x" };
  await golden.recordProblems(
    "choose_password",
    "different passwords",
    guest.submit("/password/choose", mismatch),
  );
  const chosen = await guest.submit("/password/choose", choice);
  await golden.record("choose_password", "chosen", guest.get(chosen.location!));
  await golden.record("choose_password", "used before", guest.get(path));
  const replaced = await link(user.email);
  await updateUser(parts, { email: user.email, newEmail: "alice@example.org" });
  await golden.record("choose_password", "expired", guest.get(replaced));
  await golden.record("choose_password", "unknown", guest.get("/password/choose?token=x"));

  const forgot = "/password/forgot";
  await golden.record("forgot_password", "no mail server", guest.get(forgot));
  parts.config.mail = { url: "smtp://127.0.0.1:9", from: "Example <auth@example.test>" };
  parts.mail.sendLater = () => {};
  await golden.record("choose_password", "expired, with a mail server", guest.get(replaced));
  await golden.record("forgot_password", "empty form", guest.get(forgot));
  await golden.recordProblems(
    "forgot_password",
    "invalid address",
    guest.submit(forgot, { email: "alice" }),
  );
  await guest.get(forgot);
  const request = () => guest.submit(forgot, { email: "alice@example.org" });
  await golden.record("forgot_password", "sent", request());
  for (let count = 0; count < 20; count++) {
    await guest.get(forgot);
    await request();
  }
  await guest.get(forgot);
  await golden.record("forgot_password", "too many requests", request());
  await golden.assert();
});
