import { Buffer } from "node:buffer";
import type { ParsedHash } from "./parsed_hash.ts";

/** A hash as it is stored: a PHC string, or bcrypt's modular crypt string. */
export function formatHash(hash: ParsedHash): string {
  switch (hash.kind) {
    case "bcrypt":
      return hash.text;
    case "argon2": {
      const { type, version, memory, passes, parallelism } = hash;
      return phcString(hash, type, `v=${version}`, `m=${memory},t=${passes},p=${parallelism}`);
    }
    case "scrypt":
      return phcString(hash, "scrypt", `ln=${hash.log2N},r=${hash.r},p=${hash.p}`);
    case "pbkdf2":
      return phcString(hash, `pbkdf2-${hash.digest}`, `i=${hash.iterations}`);
  }
}

function phcString(
  { salt, key }: { salt: Uint8Array; key: Uint8Array },
  ...fields: string[]
): string {
  return ["", ...fields, base64(salt), base64(key)].join("$");
}

/** The PHC string format has the standard alphabet without padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
