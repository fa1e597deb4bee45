import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  generateRecoveryCodes,
  RECOVERY_CODE_COUNT,
  recoveryCodeHash,
} from "../../../server/sign_in/recovery_code.ts";
import { generateTotpSecret, matchTotpStep, totpSetup } from "../../../server/sign_in/totp.ts";
import { totpCode } from "../../support/authenticator_app.ts";

/** RFC 6238 appendix B, SHA-1; the last six of its eight digits. */
const VECTORS = [
  [59, "287082"],
  [1111111109, "081804"],
  [1111111111, "050471"],
  [1234567890, "005924"],
  [2000000000, "279037"],
  [20000000000, "353130"],
] as const;

Deno.test("computes the codes of RFC 6238 appendix B", async () => {
  const secret = new Uint8Array(Buffer.from("12345678901234567890"));
  for (const [seconds, code] of VECTORS) {
    const now = seconds * 1000;
    assert.equal(await matchTotpStep(secret, code, now), Math.floor(seconds / 30));
    assert.equal(await matchTotpStep(secret, code, now + 90_000), undefined);
  }
  for (const code of ["", "28708", "2870822", "28708x", "２８７０８２", " 287082", "-87082"]) {
    assert.equal(await matchTotpStep(secret, code, 59_000), undefined, code);
  }
});

Deno.test("describes an app by an address and a key that mean the same secret", async () => {
  const secret = generateTotpSecret();
  assert.equal(secret.length, 20);
  const names = { email: "a:b@example.com", issuer: "https://auth.example.com" };
  const { uri, key } = await totpSetup(secret, names);
  const url = new URL(uri);
  assert.equal(url.protocol, "otpauth:");
  assert.equal(url.searchParams.get("secret"), key.replaceAll(" ", ""));
  assert.match(url.searchParams.get("issuer")!, / auth\.example\.com$/);
  assert.equal(await matchTotpStep(secret, totpCode(key, 1e12), 1e12), Math.floor(1e9 / 30));
});

Deno.test("recognizes a recovery code however it is typed", () => {
  const codes = generateRecoveryCodes();
  assert.equal(new Set(codes).size, RECOVERY_CODE_COUNT);
  for (const code of codes) {
    assert.match(code, /^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
    const typed = code.toUpperCase().replaceAll("-", " ").replaceAll("0", "O").replaceAll("1", "l");
    assert.deepEqual(recoveryCodeHash(typed), recoveryCodeHash(code));
  }
  for (const text of ["", "123456", codes[0].slice(1), `${codes[0]}0`, "u".repeat(16)]) {
    assert.equal(recoveryCodeHash(text), undefined);
  }
});
