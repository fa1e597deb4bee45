import { randomBytes } from "node:crypto";
import { brand } from "../../../../shared/brand.ts";
import { formatToken } from "../../../../shared/tokens/format.ts";
import type { ServerIo } from "../../../io.ts";
import { tokenHash } from "../../../tokens/token_hash.ts";

export interface ClientSecret {
  secret: string;
  /** In base64: the secret never leaves the operator's process. */
  hash: string;
}

export function generateClientSecret(): ClientSecret {
  const secret = formatToken(brand.tokenPrefixes.clientSecret, randomBytes(32));
  return { secret, hash: btoa(String.fromCharCode(...tokenHash(secret))) };
}

/** Writes what is shown only once; returns why it was lost, or undefined. */
export function print(text: string, io: ServerIo): string | undefined {
  try {
    return io.stdout(text) ? undefined : "standard output was closed";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
