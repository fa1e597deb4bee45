/** Hosts as git and docker name them: `git.example.com`, `registry.example.com:5000`. */

/** Host and port of an address. */
export function hostOf(address: string): string {
  return new URL(address).host;
}

/** Whether two names mean the same host and port for https. */
export function sameHost(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

function normal(host: string): string {
  return host.trim().toLowerCase().replace(/:443$/, "");
}
