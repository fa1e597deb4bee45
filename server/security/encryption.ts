import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import type { SealedPlace } from "./sealed_columns.ts";
import { deriveSecretKey, KEY_ID_LENGTH, type SecretKey } from "./secret_key.ts";

/** Encryption at rest with the operator's `secret_key`; without one, secrets are stored as they are. */
export interface Encryption {
  readonly isEnabled: boolean;
  /** The id of the key that encrypts; undefined without one. */
  readonly keyId: string | undefined;
  /** The ids of all keys that decrypt, the one that encrypts first. */
  readonly acceptedKeyIds: readonly string[];
  /**
   * Whether new values are bound to their place and name their key. Programs before that format
   * cannot read it, so an operator switches it on when none of them runs any more.
   */
  bindsValues: boolean;
  encrypt(secret: Uint8Array, place: SealedPlace): Uint8Array;
  /** Throws EncryptionKeyError if the key is missing or wrong, or the value is of another place. */
  decrypt(stored: Uint8Array, place: SealedPlace): Uint8Array;
  /**
   * What should replace a value that was stored before there was a key, or before values were bound
   * to their place. Undefined if nothing should, or it has another key: see rotateSecretKey.
   */
  improve(stored: Uint8Array, place: SealedPlace): Uint8Array | undefined;
}

/** What is stored was encrypted with another key or for another row, or there is no key. */
export class EncryptionKeyError extends Error {
  override readonly name = "EncryptionKeyError";
}

/** The first byte is the format of the rest. */
const PLAIN = 0;
/** Nonce, tag and ciphertext; neither names its key nor is bound to a place. */
const UNBOUND = 1;
/** The key id, then as UNBOUND. The place and all that precedes the nonce are authenticated. */
const BOUND = 2;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** The keys that are accepted. `secretKey` encrypts; the previous ones only decrypt. */
export interface EncryptionKeys {
  secretKey?: string;
  previousSecretKeys?: readonly string[];
}

/** AES-256-GCM. New values are bound to their place unless `bindsValues` is false. */
export function createEncryption(
  { secretKey, previousSecretKeys = [] }: EncryptionKeys,
  { bindsValues = true } = {},
): Encryption {
  const current = secretKey === undefined ? undefined : deriveSecretKey(secretKey);
  const accepted = [current ?? [], previousSecretKeys.map(deriveSecretKey)].flat();
  const encryption: Encryption = {
    isEnabled: current !== undefined,
    keyId: current?.id,
    acceptedKeyIds: [...new Set(accepted.map(({ id }) => id))],
    bindsValues,
    encrypt(secret, place) {
      if (current === undefined) return Buffer.concat([Buffer.from([PLAIN]), secret]);
      if (!encryption.bindsValues) {
        const header = Buffer.from([UNBOUND]);
        return Buffer.concat([header, sealWith(current, secret, undefined)]);
      }
      const header = boundHeader(current.id);
      return Buffer.concat([header, sealWith(current, secret, boundTo(header, place))]);
    },
    decrypt(stored, place) {
      return open(stored, place, accepted);
    },
    improve(stored, place) {
      if (current === undefined || stored[0] === BOUND) return undefined;
      if (stored[0] === PLAIN) return encryption.encrypt(stored.subarray(1), place);
      if (!encryption.bindsValues) return undefined;
      const secret = openWith(current, stored.subarray(1), undefined);
      return secret && encryption.encrypt(secret, place);
    },
  };
  return encryption;
}

/** Which key a stored value needs: its id, `unnamed` if the value does not say, none if plain. */
export function keyOf(stored: Uint8Array): string | "unnamed" | undefined {
  if (stored[0] === PLAIN) return undefined;
  if (stored[0] !== BOUND) return "unnamed";
  return Buffer.from(stored.subarray(1, 1 + KEY_ID_LENGTH)).toString("hex");
}

function open(stored: Uint8Array, place: SealedPlace, keys: readonly SecretKey[]): Uint8Array {
  const name = `${place.column} of ${place.row}`;
  switch (stored[0]) {
    case PLAIN:
      return stored.subarray(1);
    case UNBOUND: {
      if (keys.length === 0) {
        throw new EncryptionKeyError(
          `stored secrets are encrypted (${name}): set secret_key to the key they were encrypted ` +
            "with",
        );
      }
      for (const key of keys) {
        const secret = openWith(key, stored.subarray(1), undefined);
        if (secret !== undefined) return secret;
      }
      throw new EncryptionKeyError(
        `stored secrets were encrypted with another secret key (${name}): set secret_key to that ` +
          `one, or add it to previous_secret_keys. ${idsOf(keys)}`,
      );
    }
    case BOUND: {
      const id = keyOf(stored)!;
      const key = keys.find((accepted) => accepted.id === id);
      if (key === undefined) {
        throw new EncryptionKeyError(
          `stored secrets were encrypted with the secret key ${id} (${name}), which is not set. ` +
            `Set secret_key to that one, or add it to previous_secret_keys. ${idsOf(keys)}`,
        );
      }
      const header = stored.subarray(0, 1 + KEY_ID_LENGTH);
      const secret = openWith(key, stored.subarray(header.length), boundTo(header, place));
      if (secret !== undefined) return secret;
      throw new EncryptionKeyError(
        `the stored secret ${name} was changed, or copied from another row. Restore it from a ` +
          "backup, or replace it.",
      );
    }
    default:
      throw new EncryptionKeyError(
        `the stored secret ${name} has an unknown format; run the version that wrote it`,
      );
  }
}

function idsOf(keys: readonly SecretKey[]): string {
  if (keys.length === 0) return "No key is set.";
  return `Keys that are set: ${keys.map(({ id }) => id).join(", ")}.`;
}

function boundHeader(keyId: string): Uint8Array {
  return Buffer.concat([Buffer.from([BOUND]), Buffer.from(keyId, "hex")]);
}

/** The additional authenticated data: header and place, unambiguously. */
function boundTo(header: Uint8Array, { column, row }: SealedPlace): Uint8Array {
  return Buffer.concat([header, Buffer.from(JSON.stringify([column, row]))]);
}

function sealWith(
  { key }: SecretKey,
  secret: Uint8Array,
  additional: Uint8Array | undefined,
): Uint8Array {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  if (additional !== undefined) cipher.setAAD(additional);
  const body = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Undefined if it does not authenticate, or is too short. */
function openWith(
  { key }: SecretKey,
  sealed: Uint8Array,
  additional: Uint8Array | undefined,
): Uint8Array | undefined {
  if (sealed.length < NONCE_LENGTH + TAG_LENGTH) return undefined;
  const nonce = sealed.subarray(0, NONCE_LENGTH);
  const tag = sealed.subarray(NONCE_LENGTH, NONCE_LENGTH + TAG_LENGTH);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_LENGTH });
  decipher.setAuthTag(tag);
  if (additional !== undefined) decipher.setAAD(additional);
  try {
    const body = sealed.subarray(NONCE_LENGTH + TAG_LENGTH);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    return undefined;
  }
}
