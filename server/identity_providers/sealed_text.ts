import type { Encryption } from "../security/encryption.ts";
import type { SealedPlace } from "../security/sealed_columns.ts";

/** Encrypts a text that the server has to read again. */
export function seal(
  { encryption }: { encryption: Encryption },
  text: string,
  place: SealedPlace,
): Uint8Array {
  return encryption.encrypt(new TextEncoder().encode(text), place);
}

/** Throws EncryptionKeyError. */
export function unseal(
  { encryption }: { encryption: Encryption },
  sealed: Uint8Array,
  place: SealedPlace,
): string {
  return new TextDecoder().decode(encryption.decrypt(sealed, place));
}

/** Where the client secret of a provider is stored. */
export function clientSecretPlace(provider: string): SealedPlace {
  return { column: "identity_providers.client_secret", row: provider };
}

/** Where the refresh token of an identity is stored. */
export function refreshTokenPlace(identityId: string): SealedPlace {
  return { column: "identities.refresh_token", row: identityId };
}
