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
 * Whether two texts name the same host and port for https. Either may be a URL such as
 * `https://@registry.example.com/v2/`, whose user and path are ignored.
 */
export function sameHost(a: string, b: string): boolean {
  const host = hostIn(a);
  return host !== undefined && host === hostIn(b);
}

function hostIn(text: string): string | undefined {
  const address = `https://${text.trim().replace(/^[a-z]+:\/\//i, "")}`;
  return URL.canParse(address) ? new URL(address).host : undefined;
}
