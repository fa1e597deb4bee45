/** The text of the e-mails about a new address. */
import {
  addressTakenMail,
  confirmAddressMail,
  ownAddressChangedMail,
} from "../../../server/account/address_mail.ts";
import { assertGolden } from "../../support/golden.ts";

const ISSUER = "https://auth.example.com";

Deno.test("the text of the e-mails about a new address", async () => {
  const at = new Date("2026-11-24T10:00:00Z");
  const link = { url: `${ISSUER}/account/email/confirm?token=TOKEN`, expiresAt: at };
  const to = "robert@example.com";
  const changed = { email: to, at, address: "192.0.2.1" };
  const mails = [
    confirmAddressMail(to, ISSUER, link),
    addressTakenMail(to, ISSUER),
    ownAddressChangedMail("bob@example.com", ISSUER, changed),
  ];
  const text = mails.map(({ to, subject, text }) => `To: ${to}\nSubject: ${subject}\n\n${text}`);
  await assertGolden("mails/addresses.txt", text.join("\n"));
});
