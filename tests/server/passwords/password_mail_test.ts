import {
  addressChangedMail,
  invitationMail,
  passwordChangedMail,
  resetMail,
} from "../../../server/passwords/password_mail.ts";
import { assertGolden } from "../../support/golden.ts";

const ISSUER = "https://auth.example.com";
const ALICE = "alice@example.com";

Deno.test("the text of the e-mails about passwords and addresses", async () => {
  const at = new Date("2026-11-24T10:00:00Z");
  const link = { url: `${ISSUER}/password/choose?token=TOKEN`, expiresAt: at };
  const changed = { at, by: "user", address: "192.0.2.1", loginsRevoked: true } as const;
  const mails = {
    "an invitation": invitationMail(ALICE, ISSUER, link),
    "a forgotten password": resetMail(ALICE, ISSUER, link, "user"),
    "a link from an administrator": resetMail(ALICE, ISSUER, link, "administrator"),
    "a password that was changed": passwordChangedMail(ALICE, ISSUER, changed),
    "a password that was changed, and logins kept": passwordChangedMail(ALICE, ISSUER, {
      ...changed,
      loginsRevoked: false,
    }),
    "a password that an administrator changed": passwordChangedMail(ALICE, ISSUER, {
      at,
      by: "administrator",
      loginsRevoked: true,
    }),
    "a new address": addressChangedMail(ALICE, ISSUER, "alice@example.org"),
  };
  const text = Object.entries(mails).map(([name, { to, subject, text }]) =>
    `==== ${name}\nTo: ${to}\nSubject: ${subject}\n\n${text}`
  );
  await assertGolden("mails/passwords.txt", text.join("\n"));
});
