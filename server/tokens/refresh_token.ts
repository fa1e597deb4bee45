import { createHmac, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import { brand } from "../../shared/brand.ts";
import { formatToken, parseToken } from "../../shared/tokens/format.ts";
import type { RefreshTokenHashes } from "../store/refresh_token_families.ts";
import { tokenHash } from "./token_hash.ts";

const PREFIX = brand.tokenPrefixes.refreshToken;
/** All tokens of a family share it, and only their holder knows it. */
const HANDLE_LENGTH = 16;
const SECRET_LENGTH = 32;

/** The first refresh token of a new family. */
export function generateRefreshToken(): string {
  return formatToken(PREFIX, randomBytes(HANDLE_LENGTH + SECRET_LENGTH));
}

/**
 * The successor of `token`. It is deterministic, so that a client whose response was lost can
 * repeat the request. Deriving it needs the token and the server's key; the database has neither.
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
