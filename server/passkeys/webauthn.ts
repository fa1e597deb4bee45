/** The parts of the WebAuthn library that we use, loaded with the first passkey. */
import { Buffer } from "node:buffer";
import type { AuthenticationJson, RegistrationJson } from "./credential_json.ts";
import type { RelyingParty } from "./relying_party.ts";

/** ES256, EdDSA and RS256: all that authenticators have. RS256 is Windows Hello's. */
export const ALGORITHMS = [-7, -8, -257];

/** What an authenticator has proved. */
export interface VerifiedRegistration {
  credentialId: Uint8Array;
  publicKey: Uint8Array;
  signCount: number;
  aaguid: string;
  backupEligible: boolean;
  backedUp: boolean;
}

export interface VerifiedAssertion {
  signCount: number;
  backupEligible: boolean;
  backedUp: boolean;
}

interface Expectation {
  party: RelyingParty;
  /** As in the page's options. */
  challenge: string;
}

/** What the browser says about a request, in base64url (WebAuthn section 5.8.1). */
export interface ClientData {
  challenge: string;
  /** Whether the page was in a frame of another site. */
  crossOrigin: boolean;
}

/** Undefined if it cannot be read. It is verified with the signature, not here. */
export function readClientData(clientDataJson: string): ClientData | undefined {
  try {
    const data = JSON.parse(Buffer.from(clientDataJson, "base64url").toString());
    const { challenge, crossOrigin, topOrigin } = data;
    if (typeof challenge !== "string") return undefined;
    return { challenge, crossOrigin: crossOrigin === true || topOrigin !== undefined };
  } catch {
    return undefined;
  }
}

/**
 * Verifies a new credential (WebAuthn section 7.1): type, challenge, origin, RP ID, user presence
 * and verification, algorithm. Undefined if any is wrong or it cannot be read. Attestation is not
 * requested: any authenticator is accepted.
 */
export async function verifyRegistration(
  response: RegistrationJson,
  { party, challenge }: Expectation,
): Promise<VerifiedRegistration | undefined> {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const result = await verifyRegistrationResponse({
    response: { ...response, clientExtensionResults: {}, response: withoutTransports(response) },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(() => undefined);
  if (!result?.verified) return undefined;
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = result.registrationInfo;
  if (credential.id !== response.id) return undefined;
  return {
    credentialId: Buffer.from(credential.id, "base64url"),
    publicKey: credential.publicKey,
    signCount: credential.counter,
    aaguid,
    backupEligible: credentialDeviceType === "multiDevice",
    backedUp: credentialBackedUp,
  };
}

/**
 * Verifies an assertion (WebAuthn section 7.2): type, challenge, origin, RP ID, user presence and
 * verification, signature. Undefined if any is wrong. The counter is compared where it is stored.
 */
export async function verifyAssertion(
  { credentialId, publicKey, response, party, challenge }: Expectation & {
    credentialId: Uint8Array;
    publicKey: Uint8Array;
    response: AuthenticationJson["response"];
  },
): Promise<VerifiedAssertion | undefined> {
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const id = Buffer.from(credentialId).toString("base64url");
  const result = await verifyAuthenticationResponse({
    response: {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: { ...response, userHandle: response.userHandle ?? undefined },
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    credential: { id, publicKey: new Uint8Array(publicKey), counter: 0 },
  }).catch(() => undefined);
  if (!result?.verified) return undefined;
  const { newCounter, credentialDeviceType, credentialBackedUp } = result.authenticationInfo;
  return {
    signCount: newCounter,
    backupEligible: credentialDeviceType === "multiDevice",
    backedUp: credentialBackedUp,
  };
}

function withoutTransports({ response }: RegistrationJson) {
  return {
    clientDataJSON: response.clientDataJSON,
    attestationObject: response.attestationObject,
  };
}
