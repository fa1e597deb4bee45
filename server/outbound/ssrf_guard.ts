import { BlockList, isIP } from "node:net";

/** IPv4 networks outside the public internet (IANA special-purpose address registry). */
const special4 = new BlockList();
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
    // Multicast, reserved, and broadcast.
    ["224.0.0.0", 3],
  ] as const
) special4.addSubnet(network, prefix, "ipv4");

/** IPv6 addresses of the public internet (RFC 4291 section 2.4); all others are special. */
const public6 = new BlockList();
public6.addSubnet("2000::", 3, "ipv6");
/** Special networks within it. */
const special6 = new BlockList();
for (
  const [network, prefix] of [
    // Protocol assignments: Teredo, which carries any IPv4 address, benchmarks, ORCHID, …
    ["2001::", 23],
    ["2001:db8::", 32],
    // 6to4, which carries any IPv4 address.
    ["2002::", 16],
    // Documentation (RFC 9637).
    ["3fff::", 20],
  ] as const
) special6.addSubnet(network, prefix, "ipv6");
/** What a NAT64 gateway translates (RFC 6052 section 2.1). */
const NAT64_PREFIX = /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/;

/**
 * Whether an IP address belongs to the public internet, in any notation. An IPv4 address within an
 * IPv6 address counts as the IPv4 address if a gateway translates it, and is not public otherwise.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !special4.check(address, "ipv4");
  const host = `http://[${address}]/`;
  // An address with a zone is link-local.
  if (isIP(address) !== 6 || !URL.canParse(host)) return false;
  const canonical = new URL(host).hostname.slice(1, -1);
  const translated = NAT64_PREFIX.exec(canonical);
  if (translated !== null) {
    return isPublicAddress(embeddedIpv4(translated[1] ?? "0", translated[2]));
  }
  return public6.check(canonical, "ipv6") && !special6.check(canonical, "ipv6");
}

function embeddedIpv4(high: string, low: string): string {
  return [high, low].map((group) => parseInt(group, 16))
    .flatMap((value) => [value >> 8, value & 0xff]).join(".");
}
