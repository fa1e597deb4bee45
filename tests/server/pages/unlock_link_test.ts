/** The e-mail with which a user unlocks their account. */
import { sendUnlockLink } from "../../../server/pages/account/unlock_link.ts";
import { findUser } from "../../../server/store/users.ts";
import { databaseKinds } from "../../support/databases.ts";
import { assertGolden } from "../../support/golden.ts";
import { testServer } from "../../support/test_server.ts";

Deno.test("the text of the e-mail that unlocks an account", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.mail = { url: "smtp://127.0.0.1:1", from: "Example <auth@example.test>" };
  });
  const { id } = await server.addUser("alice@example.com");
  const mails: string[] = [];
  const mail = {
    send: ({ to, subject, text }: { to: string; subject: string; text: string }) =>
      void mails.push(`To: ${to}\nSubject: ${subject}\n\n${text}`),
  };
  await sendUnlockLink({ ...server.parts, mail }, await findUser(server.parts.sql, id));
  const text = mails.join("\n").replace(/\.[\w-]{43}$/m, ".MAC");
  await assertGolden("mails/unlock_link.txt", text);
});
