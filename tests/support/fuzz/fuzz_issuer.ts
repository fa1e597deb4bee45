/** An issuer of identity tokens and events that is only a `fetch`; everything else answers 404. */
import { CompactSign, exportJWK, generateKeyPair } from "jose";

export const FUZZ_ISSUER = "https://idp.example.test";

export interface FuzzIssuer {
  /** In place of the network. */
  fetch: typeof globalThis.fetch;
  sign(claims: unknown, header: Record<string, unknown>): Promise<string>;
}

export async function fuzzIssuer(): Promise<FuzzIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid: "key-1", alg: "ES256", use: "sig" };
  const documents: Record<string, unknown> = {
    "/.well-known/openid-configuration": {
      issuer: FUZZ_ISSUER,
      authorization_endpoint: `${FUZZ_ISSUER}/authorize`,
      token_endpoint: `${FUZZ_ISSUER}/token`,
      jwks_uri: `${FUZZ_ISSUER}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    },
    "/jwks": { keys: [jwk] },
    "/meta/public_keys/secret_scanning": { public_keys: [] },
  };
  return {
    fetch(input) {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      const document = documents[pathname];
      return Promise.resolve(
        document === undefined ? new Response(null, { status: 404 }) : Response.json(document),
      );
    },
    async sign(claims, header) {
      const payload = new TextEncoder().encode(JSON.stringify(claims) ?? "null");
      return await new CompactSign(payload)
        .setProtectedHeader({ alg: "ES256", kid: "key-1", ...header }).sign(privateKey);
    },
  };
}
