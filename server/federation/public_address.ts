import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { isLoopbackHost } from "../setting_values.ts";

/** Addresses that are not of the public internet (IANA special-purpose registries). */
const special = new BlockList();
for (
  const [network, prefix] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 3],
  ] as const
) special.addSubnet(network, prefix, "ipv4");
for (
  const [network, prefix] of [
    ["::", 96],
    ["64:ff9b::", 96],
    ["64:ff9b:1::", 48],
    ["100::", 64],
    // Tunnels that carry any IPv4 address within: Teredo and 6to4.
    ["2001::", 32],
    ["2002::", 16],
    ["fc00::", 7],
    ["fe80::", 10],
    ["fec0::", 10],
    ["ff00::", 8],
    ["2001:db8::", 32],
  ] as const
) special.addSubnet(network, prefix, "ipv6");

/**
 * Why we do not send a request to `url`, or undefined. Only https to public
 * addresses, unless the operator allows private ones; then http is for this
 * machine alone.
 */
export async function addressProblem(
  url: URL,
  allowPrivate: boolean,
): Promise<string | undefined> {
  const loopback = isLoopbackHost(url.hostname);
  if (url.protocol !== "https:" && !(allowPrivate && loopback && url.protocol === "http:")) {
    return "it is not https";
  }
  if (allowPrivate) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  let addresses: string[];
  try {
    addresses = isIP(host) !== 0
      ? [host]
      : (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return "its name cannot be resolved";
  }
  return addresses.every(isPublic)
    ? undefined
    : "it is a private address, and federation_private_issuers is off";
}

function isPublic(address: string): boolean {
  const mapped = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
  const version = isIP(mapped);
  return version !== 0 && !special.check(mapped, version === 4 ? "ipv4" : "ipv6");
}
