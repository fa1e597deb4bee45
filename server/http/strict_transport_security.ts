/** How long a browser uses only https, in seconds: a year, renewed by each response. */
const MAX_AGE = 31_536_000;

/**
 * The Strict-Transport-Security header (RFC 6797) of a server whose public address is https, or
 * undefined. `localhost` gets none: the header counts for all ports of a host, so that it
 * would switch off http for every other program on a developer's machine. Subdomains are left
 * to their operators.
 */
export function strictTransportSecurity(issuer: string): string | undefined {
  const { protocol, hostname } = new URL(issuer);
  return protocol === "https:" && !/(^|\.)localhost$/.test(hostname)
    ? `max-age=${MAX_AGE}`
    : undefined;
}
