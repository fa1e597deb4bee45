import { createHmac, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import { brand } from "../../shared/brand.ts";
import { formatToken, parseToken } from "../../shared/tokens/format.ts";
import type { RefreshTokenHashes } from "../store/refresh_token_families.ts";
import { tokenHash } from "./token_hash.ts";

const PREFIX = brand.tokenPrefixes.refreshToken;
/** Shared by all tokens of a family, and secret. */
const HANDLE_LENGTH = 16;
const SECRET_LENGTH = 32;

/** The first refresh token of a new family. */
export function generateRefreshToken(): string {
  return formatToken(PREFIX, randomBytes(HANDLE_LENGTH + SECRET_LENGTH));
}

/**
 * The token that follows `token`: the same each time, so that a client whose
 * answer got lost can ask again. It takes the token itself and the server's key
 * to know it; the database holds neither the one nor a hash that would do.
 */
export function deriveNextRefreshToken(token: string, key: Uint8Array): string {
  const payload = parseToken(PREFIX, token, HANDLE_LENGTH + SECRET_LENGTH);
  if (payload === undefined) throw new TypeError("not a refresh token");
  const secret = createHmac("sha256", key).update(payload).digest();
  return formatToken(PREFIX, Buffer.concat([payload.subarray(0, HANDLE_LENGTH), secret]));
}

/** Hashes of a well-formed refresh token, or undefined. */
export function refreshTokenHashes(token: string): RefreshTokenHashes | undefined {
  const payload = parseToken(PREFIX, token, HANDLE_LENGTH + SECRET_LENGTH);
  if (payload === undefined) return undefined;
  const handle = Buffer.from(payload.subarray(0, HANDLE_LENGTH)).toString("hex");
  return { handleHash: tokenHash(handle), hash: tokenHash(token) };
}
