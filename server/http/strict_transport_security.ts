/** A year, in seconds; each response starts it again. */
const MAX_AGE = 31_536_000;

/**
 * The Strict-Transport-Security header (RFC 6797) of a server whose issuer is https, or undefined.
 * Not for `localhost`: the header applies to all ports of a host, so it would disable http for
 * every other program on a developer's machine. It does not include subdomains, which may have
 * other operators.
 */
export function strictTransportSecurity(issuer: string): string | undefined {
  const { protocol, hostname } = new URL(issuer);
  return protocol === "https:" && !/(^|\.)localhost$/.test(hostname)
    ? `max-age=${MAX_AGE}`
    : undefined;
}
