import { decodeJwt } from "jose";
import { brand } from "../../../shared/brand.ts";
import type { WhySubject } from "./why.ts";
import { refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { tokenHashHex } from "../../tokens/token_hash.ts";

const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Whether a text is a token itself, and not its id or prefix. */
export function isSecret(text: string): boolean {
  return JWT.test(text) && text.length > 100 ||
    Object.values(brand.tokenPrefixes).some((prefix) =>
      text.startsWith(prefix) && text.length > prefix.length + 20
    );
}

/** What identifies a token; the token itself stays in this process. */
export function identifySecret(secret: string): WhySubject {
  const refresh = refreshTokenHashes(secret);
  if (refresh !== undefined) return { loginHandle: hex(refresh.handleHash) };
  if (!JWT.test(secret)) return { tokenHash: tokenHashHex(secret) };
  const claims = claimsOf(secret);
  const text = (name: string) => typeof claims[name] === "string" ? claims[name] : undefined;
  const number = (name: string) => typeof claims[name] === "number" ? claims[name] : undefined;
  const act = Object(claims.act) as { iss?: unknown; sub?: unknown };
  return {
    claims: {
      ...{ iss: text("iss"), jti: text("jti"), sid: text("sid"), pat: text("pat") },
      ...{ sub: text("sub"), scope: text("scope"), iat: number("iat"), exp: number("exp") },
      // Only the actor of a workload has an issuer.
      workloadSubject: typeof act.iss === "string" && typeof act.sub === "string"
        ? act.sub
        : undefined,
    },
  };
}

function claimsOf(jwt: string): Record<string, unknown> {
  try {
    return decodeJwt(jwt);
  } catch {
    return {};
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
