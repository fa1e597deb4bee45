import {
  passkeyAddedMail,
  passkeyBlockedMail,
  passkeyRemovedMail,
} from "../../../server/passkeys/passkey_mail.ts";
import { assertGolden } from "../../support/golden.ts";

const TO = ["alice@example.com", "https://auth.example.com"] as const;

Deno.test("the text of the e-mails about passkeys", async () => {
  const change = {
    name: "Work\u202e laptop",
    at: new Date("2026-11-24T10:00:00Z"),
    address: "192.0.2.1",
  };
  const mails = {
    "a passkey was added": passkeyAddedMail(...TO, change),
    "a passkey was removed": passkeyRemovedMail(...TO, change),
    "a passkey was blocked": passkeyBlockedMail(...TO, change),
  };
  const text = Object.entries(mails).map(([name, { to, subject, text }]) =>
    `==== ${name}\nTo: ${to}\nSubject: ${subject}\n\n${text}`
  );
  await assertGolden("mails/passkeys.txt", text.join("\n"));
});
