/** Hosts as git and docker name them: `git.example.com`, `registry.example.com:5000`. */

/** Host and port of an address. */
export function hostOf(address: string): string {
  return new URL(address).host;
}

/** Loopback addresses and the names that always mean one (RFC 6761 section 6.3). */
export function isLoopback(url: URL): boolean {
  return /^(127(\.\d{1,3}){3}|\[::1\]|localhost|.+\.localhost)$/.test(url.hostname);
}

/**
 * Whether two names mean the same host and port for https. Either may be an address
 * (`https://@registry.example.com/v2/`), whose user and path do not count.
 */
export function sameHost(one: string, other: string): boolean {
  const host = hostIn(one);
  return host !== undefined && host === hostIn(other);
}

function hostIn(text: string): string | undefined {
  const address = `https://${text.trim().replace(/^[a-z]+:\/\//i, "")}`;
  return URL.canParse(address) ? new URL(address).host : undefined;
}
