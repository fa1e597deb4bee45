import {
  factorsResetMail,
  recoveryCodesCreatedMail,
  recoveryCodeUsedMail,
  totpAddedMail,
  totpRemovedMail,
  wrongCodesMail,
} from "../../../server/sign_in/method_mail.ts";
import { assertGolden } from "../../support/golden.ts";

const TO = ["alice@example.com", "https://auth.example.com"] as const;

Deno.test("the text of the e-mails about sign-in methods", async () => {
  const at = new Date("2026-11-24T10:00:00Z");
  const change = { at, by: "user", address: "192.0.2.1" } as const;
  const mails = {
    "an app was set up": totpAddedMail(...TO, change),
    "an app was removed": totpRemovedMail(...TO, change),
    "recovery codes were created": recoveryCodesCreatedMail(...TO, change),
    "a recovery code was used": recoveryCodeUsedMail(...TO, 9, change),
    "an administrator has reset the second factor": factorsResetMail(...TO, {
      at,
      by: "administrator",
    }),
    "wrong codes": wrongCodesMail(...TO, change),
  };
  const text = Object.entries(mails).map(([name, { to, subject, text }]) =>
    `==== ${name}\nTo: ${to}\nSubject: ${subject}\n\n${text}`
  );
  await assertGolden("mails/sign_in_methods.txt", text.join("\n"));
});
