import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken } from "../../shared/tokens/format.ts";
import { tokenHash } from "./token_hash.ts";

export interface ClientSecret {
  secret: string;
  /** In base64: the operations of operators take JSON, and never the secret. */
  hash: string;
}

export function generateClientSecret(): ClientSecret {
  const secret = formatToken(brand.tokenPrefixes.clientSecret, randomBytes(32));
  return { secret, hash: btoa(String.fromCharCode(...tokenHash(secret))) };
}
