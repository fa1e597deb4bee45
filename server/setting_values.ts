import { BlockList, isIP } from "node:net";

const UNITS: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds from `90`, `90s`, `15m`, `8h` or `30d`, or undefined. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * UNITS[match[2]];
}

/** `host:port`, `[::1]:port` or `:port` (this machine only), or undefined. */
export function parseListenAddress(text: string): { hostname: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text.trim());
  if (match === null || Number(match[3]) > 65535) return undefined;
  return { hostname: match[1] ?? (match[2] || "127.0.0.1"), port: Number(match[3]) };
}

export interface Network {
  address: string;
  prefix: number;
  family: "ipv4" | "ipv6";
}

/** An address or a CIDR network, or undefined. */
export function parseNetwork(text: string): Network | undefined {
  const [address, prefix, more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more !== undefined) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? longest : Number(prefix);
  if (bits > longest) return undefined;
  return { address, prefix: bits, family: version === 4 ? "ipv4" : "ipv6" };
}

/** Networks to test addresses against. Entries that parse as none are left out: the config reports them. */
export function networkList(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  }
  return list;
}

/** Whether a host name or address is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
