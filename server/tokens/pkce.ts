import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

/** A new authorization code: 256 bits (RFC 6749 section 10.10). */
export function generateAuthorizationCode(): string {
  return randomBytes(32).toString("base64url");
}

/** Names a code in the audit log, at its approval and at the login that it became. */
export function approvalIdOf(codeHash: Uint8Array): string {
  return Buffer.from(codeHash).toString("hex").slice(0, 16);
}

/** Whether a text has the form of an S256 challenge: a SHA-256 in base64url (RFC 7636 section 4.2). */
export function isCodeChallenge(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** RFC 7636 sections 4.1 and 4.6. */
export function verifyCodeChallenge(challenge: string, verifier: string): boolean {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false;
  const expected = Buffer.from(challenge);
  const presented = Buffer.from(createHash("sha256").update(verifier).digest("base64url"));
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}
