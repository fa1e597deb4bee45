import {
  identityLinkedMail,
  identityUnlinkedMail,
} from "../../../server/identity_providers/identity_mail.ts";
import { assertGolden } from "../../support/golden.ts";

const TO = ["alice@example.com", "https://auth.example.com"] as const;

Deno.test("the text of the e-mails about linked accounts", async () => {
  const at = new Date("2026-11-24T10:00:00Z");
  const mails = {
    "an account was linked": identityLinkedMail(...TO, {
      provider: "Ac\u202eme",
      at,
      address: "192.0.2.1",
    }),
    "an account was unlinked": identityUnlinkedMail(...TO, { provider: "Acme", at }),
  };
  const text = Object.entries(mails).map(([name, { to, subject, text }]) =>
    `==== ${name}\nTo: ${to}\nSubject: ${subject}\n\n${text}`
  );
  await assertGolden("mails/linked_accounts.txt", text.join("\n"));
});
