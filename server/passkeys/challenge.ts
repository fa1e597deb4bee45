import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Clock } from "../../shared/clock.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";

/** How long a user has to choose a passkey, on a page that may wait for it to be filled in. */
export const CHALLENGE_LIFETIME_MS = 10 * 60_000;

/**
 * What the response may be used for: to sign in as any user, or for one user, by id, to confirm who
 * they are or to register a passkey.
 */
export type ChallengePurpose = "sign_in" | { confirm: string } | { register: string };

/** A challenge that is valid, as recordPasskeyChallenge takes it. */
export interface ValidChallenge {
  challengeHash: Uint8Array;
  expiresAt: Date;
}

export interface ChallengeDeps {
  clock: Clock;
  secrets: Pick<ServerSecrets, "formKey">;
}

/** 128 random bits (WebAuthn section 13.4.3), then six bytes of ms since 1970, then the MAC. */
const NONCE_BYTES = 16;
const EXPIRY_BYTES = 6;
const MAC_BYTES = 32;

/**
 * A challenge for the browser with this cookie, in base64url. The MAC proves that we issued it,
 * so that opening a page stores nothing; see recordPasskeyChallenge for the single use.
 */
export function createChallenge(
  deps: ChallengeDeps,
  purpose: ChallengePurpose,
  browserToken: string,
): string {
  const expiry = Buffer.alloc(EXPIRY_BYTES);
  expiry.writeUIntBE(deps.clock.now() + CHALLENGE_LIFETIME_MS, 0, EXPIRY_BYTES);
  const payload = Buffer.concat([randomBytes(NONCE_BYTES), expiry]);
  return Buffer.concat([payload, mac(deps, purpose, browserToken, payload)]).toString("base64url");
}

/** `challenge`: not one that we issued to this browser for this purpose. */
export function verifyChallenge(
  deps: ChallengeDeps,
  purpose: ChallengePurpose,
  browserToken: string | undefined,
  challenge: string,
): ValidChallenge | "challenge" | "expired" {
  const bytes = Buffer.from(challenge, "base64url");
  if (browserToken === undefined || bytes.length !== NONCE_BYTES + EXPIRY_BYTES + MAC_BYTES) {
    return "challenge";
  }
  const payload = bytes.subarray(0, -MAC_BYTES);
  const presented = bytes.subarray(-MAC_BYTES);
  if (!timingSafeEqual(mac(deps, purpose, browserToken, payload), presented)) return "challenge";
  const expiresAt = payload.readUIntBE(NONCE_BYTES, EXPIRY_BYTES);
  if (expiresAt <= deps.clock.now()) return "expired";
  return {
    challengeHash: createHash("sha256").update(bytes).digest(),
    expiresAt: new Date(expiresAt),
  };
}

function mac(
  { secrets }: ChallengeDeps,
  purpose: ChallengePurpose,
  browserToken: string,
  payload: Uint8Array,
): Uint8Array {
  return createHmac("sha256", secrets.formKey)
    .update(`passkey ${JSON.stringify(purpose)} ${browserToken} `)
    .update(payload)
    .digest();
}
