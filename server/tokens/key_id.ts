import { calculateJwkThumbprint, type JWK } from "jose";

/** The thumbprint (RFC 7638), shortened to 96 bits to keep tokens small. */
export async function keyId(publicJwk: JWK): Promise<string> {
  return (await calculateJwkThumbprint(publicJwk)).slice(0, 16);
}
