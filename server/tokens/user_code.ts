import { randomInt } from "node:crypto";

/**
 * Consonants only, without letters that look alike, so that codes spell nothing and are not misread
 * (RFC 8628 section 6.1). 20^8 codes are 34.6 bits.
 */
const CHARACTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;

/** A fresh user code, as stored. */
export function generateUserCode(): string {
  return Array.from({ length: LENGTH }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join("");
}

/** As shown to users: BCDF-GHJK. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/**
 * As stored, from what a user typed in any case, width (a Japanese keyboard types
 * full-width letters) and grouping; undefined if it cannot be one.
 */
export function normaliseUserCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined;
  const code = typed.normalize("NFKC").toUpperCase().replace(/[^A-Z0-9]/g, "");
  const wellFormed = code.length === LENGTH &&
    [...code].every((letter) => CHARACTERS.includes(letter));
  return wellFormed ? code : undefined;
}
