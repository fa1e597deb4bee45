import { brand } from "../../shared/brand.ts";

/** This server, as browsers and authenticators know it (WebAuthn section 4, "Relying Party"). */
export interface RelyingParty {
  /** The domain that passkeys belong to. */
  id: string;
  name: string;
  /** The only origin whose pages may use them. */
  origin: string;
}

/**
 * Undefined if browsers allow no passkeys at the address of the issuer: they need a domain, and
 * https or `localhost` (WebAuthn section 5.1.3, step 7).
 */
export function relyingParty(issuer: string): RelyingParty | undefined {
  const { protocol, hostname, origin } = new URL(issuer);
  const isLocal = hostname === "localhost" || hostname.endsWith(".localhost");
  if (protocol !== "https:" && !isLocal) return undefined;
  // The last label of a domain is not a number (WHATWG URL, "ends in a number").
  if (hostname.startsWith("[") || /^\d+$/.test(hostname.split(".").at(-1) ?? "")) {
    return undefined;
  }
  return { id: hostname, name: brand.productName, origin };
}
