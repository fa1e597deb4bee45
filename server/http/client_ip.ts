import { isIP } from "node:net";
import { canonicalPeer, NetworkList, parsePeerAddress } from "./ip_address.ts";
import type { UntrustedForwarders } from "./untrusted_forwarders.ts";

/** Returns the client address of a request. */
export type ClientAddress = (peer: string, headers: Headers) => string;

/**
 * Reads X-Forwarded-For only if the peer is a trusted proxy, and from the right: everything to the
 * left of the first untrusted address may be forged by it.
 */
export function clientAddressReader(
  trustedProxies: readonly string[],
  untrusted?: Pick<UntrustedForwarders, "observe">,
): ClientAddress {
  if (trustedProxies.length === 0) {
    return (peer, headers) => {
      const address = canonicalPeer(peer);
      untrusted?.observe(address, headers);
      return address;
    };
  }
  const trusted = new NetworkList(trustedProxies);
  return (peer, headers) => {
    let address = canonicalPeer(peer);
    if (!trusted.includes(address)) {
      untrusted?.observe(address, headers);
      return address;
    }
    const forwarded = headers.get("x-forwarded-for");
    if (forwarded === null) return address;
    const hops = forwarded.split(",");
    do {
      const hop = parsePeerAddress(hops.pop()!.trim());
      if (hop === undefined) break;
      address = hop;
    } while (hops.length > 0 && trusted.includes(address));
    return address;
  };
}

/** What rate limits count by: an IPv4 address, or an IPv6 /64, the least that a subscriber has. */
export function rateLimitKey(address: string): string {
  return isIP(address) === 6 ? `${prefixGroups(address).join(":")}::/64` : address;
}

/**
 * The most that one subscriber usually has: an IPv4 address, or an IPv6 /56 (RFC 6177 section 2),
 * which is 256 networks of /64.
 */
export function subscriberNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = prefixGroups(address);
  groups[3] = (Number.parseInt(groups[3], 16) & 0xff00).toString(16);
  return `${groups.join(":")}::/56`;
}

/** What shares a fair part of a budget or queue: an IPv4 /24, or an IPv6 /56. */
export function sharedNetwork(address: string): string {
  if (isIP(address) === 4) return address.replace(/\.\d+$/, ".0/24");
  return subscriberNetwork(address);
}

/** The first four groups of an IPv6 address, without leading zeros. */
function prefixGroups(address: string): string[] {
  const [head, tail = ""] = address.split("%")[0].split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const gap = address.includes("::")
    ? Array(Math.max(0, 8 - left.length - right.length)).fill("0")
    : [];
  return [...left, ...gap, ...right].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
}
