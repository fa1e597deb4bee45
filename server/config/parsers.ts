/** `host:port`, `[::1]:port` or `:port` (loopback only), or undefined. */
export function parseListenAddress(text: string): { hostname: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text.trim());
  if (match === null || Number(match[3]) > 65535) return undefined;
  return { hostname: match[1] ?? (match[2] || "127.0.0.1"), port: Number(match[3]) };
}

/** Whether a host name or address is loopback. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
