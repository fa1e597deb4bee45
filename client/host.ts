/** Hosts as git and docker name them: `git.example.com`, `registry.example.com:5000`. */

/** Host and port of an address. */
export function hostOf(address: string): string {
  return new URL(address).host;
}

/** Loopback addresses and the names that always mean one (RFC 6761 section 6.3). */
export function isLoopback(url: URL): boolean {
  return /^(127(\.\d{1,3}){3}|\[::1\]|localhost|.+\.localhost)$/.test(url.hostname);
}

/** Whether two names mean the same host and port for https. */
export function sameHost(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

function normal(host: string): string {
  return host.trim().toLowerCase().replace(/:443$/, "");
}
