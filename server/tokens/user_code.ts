import { randomInt } from "node:crypto";

/**
 * Consonants without look-alikes, so that codes are not misread and spell nothing (RFC 8628 section
 * 6.1). 20^8 codes are 34.6 bits.
 */
const CHARACTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;

/** A new user code, as stored. */
export function generateUserCode(): string {
  return Array.from({ length: LENGTH }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join("");
}

/** As displayed: BCDF-GHJK. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/**
 * The stored form of a code as typed, in any case, width (Japanese keyboards type full-width
 * letters) and grouping. Undefined if it cannot be a user code.
 */
export function normalizeUserCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined;
  const code = typed.normalize("NFKC").toUpperCase().replace(/[^A-Z0-9]/g, "");
  const isWellFormed = code.length === LENGTH &&
    [...code].every((letter) => CHARACTERS.includes(letter));
  return isWellFormed ? code : undefined;
}
