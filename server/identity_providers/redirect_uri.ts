/** The page of a link that tests a provider. */
export const TEST_PATH = "/signin/test-provider";

/** Where a browser starts a sign-in at a provider. */
export function upstreamPath(provider: string): string {
  return `/signin/upstream/${provider}`;
}

/**
 * The redirect URI to register at a provider. Each has its own, which prevents mix-up (RFC 9700
 * section 4.4.2.1).
 */
export function redirectUri({ issuer }: { issuer: string }, provider: string): string {
  return `${issuer}${upstreamPath(provider)}/callback`;
}
