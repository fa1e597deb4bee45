/** Codes that replace the second factor of a user who has lost it; each works once. */
import { createHash, randomInt } from "node:crypto";

export const RECOVERY_CODE_COUNT = 10;

/** Without letters that look like digits (Crockford's Base32). */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** 80 random bits: sufficient for a hash without salt. */
const LENGTH = 16;

/** As shown to the user: `k7qm-3tzd-9fhr-xw2p`. */
export function generateRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODE_COUNT }, () => {
    const code = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(
      "",
    );
    return code.replace(/(.{4})(?=.)/g, "$1-");
  });
}

/** The hash of a code as the user typed it; undefined if no code has this form. */
export function recoveryCodeHash(entered: string): Uint8Array | undefined {
  const code = entered.toLowerCase().replace(/[\s-]/g, "")
    .replaceAll("o", "0").replace(/[il]/g, "1");
  if (code.length !== LENGTH || ![...code].every((letter) => ALPHABET.includes(letter))) {
    return undefined;
  }
  return new Uint8Array(createHash("sha256").update(`recovery code ${code}`).digest());
}
